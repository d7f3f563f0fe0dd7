import subprocess

import pytest

from firstbyte.protocols.tls import names
from firstbyte.protocols.tls.cipher_suites import CIPHER_SUITES


@pytest.mark.parametrize("high", range(16))
def test_grease_is_every_value_of_rfc_8701(high: int) -> None:
    byte = high << 4 | 0x0A
    assert names.is_grease(byte << 8 | byte)
    assert not names.is_grease(byte << 8 | (byte ^ 0x10))
    assert names.name16(names.GROUPS, byte << 8 | byte) == "GREASE"


def test_unknown_numbers_keep_their_value() -> None:
    assert names.name16(names.GROUPS, 0x1234) == "unknown_0x1234"
    assert names.alert_name(200) == "unknown_200"
    assert names.version_name(0x0304) == "TLSv1.3"


@pytest.mark.interop
def test_cipher_suites_are_called_as_openssl_calls_them() -> None:
    command = ["openssl", "ciphers", "-V", "-stdname", "ALL:COMPLEMENTOFALL@SECLEVEL=0"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("openssl is not installed")
    rows = [line.split() for line in done.stdout.splitlines()]
    assert len(rows) > 100
    for row in rows:
        high, low = row[0].split(",")
        assert CIPHER_SUITES[int(high, 16) << 8 | int(low, 16)] == row[2]
