from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from firstbyte.client.options import TlsOptions
from firstbyte.errors import TlsError
from firstbyte.net.system import KernelSystem
from firstbyte.net.tls import make_settings
from testbed.pki import Pki


class Machine(KernelSystem):
    """A machine with an environment and anchors of the test's own."""

    def __init__(self, variables: Mapping[str, str], anchors: bytes | None = None) -> None:
        self.variables = variables
        self.anchors = anchors

    def environment(self) -> Mapping[str, str]:
        return self.variables

    def trust_anchors_pem(self) -> bytes | None:
        return self.anchors


def test_a_context_is_made_once_for_equal_settings(pki: Pki) -> None:
    options = TlsOptions(ca_file=str(pki.root_file))
    first = make_settings(options, Machine({})).context()
    assert make_settings(options, Machine({})).context() is first
    other = make_settings(TlsOptions(ca_file=str(pki.root_file), insecure=True), Machine({}))
    assert other.context() is not first


def test_a_changed_file_makes_a_new_context(pki: Pki, tmp_path: Path) -> None:
    file = tmp_path / "roots.pem"
    file.write_bytes(pki.root_file.read_bytes())
    options = TlsOptions(ca_file=str(file))
    first = make_settings(options, Machine({})).context()
    file.write_bytes(pki.root_file.read_bytes() * 2)
    assert make_settings(options, Machine({})).context() is not first


def test_the_environment_names_roots_and_key_log(pki: Pki) -> None:
    variables = {"SSL_CERT_FILE": str(pki.root_file), "SSLKEYLOGFILE": "/tmp/keys"}
    settings = make_settings(TlsOptions(), Machine(variables))
    assert settings.roots.file == str(pki.root_file)
    assert settings.keylog_file == "/tmp/keys"
    assert make_settings(TlsOptions(keylog_file="mine"), Machine(variables)).keylog_file == "mine"
    assert make_settings(TlsOptions(), Machine({"SSLKEYLOGFILE": ""})).keylog_file is None


def test_the_machines_anchors_are_read(pki: Pki) -> None:
    settings = make_settings(TlsOptions(), Machine({}, pki.root_file.read_bytes()))
    store = settings.context().get_cert_store()
    assert store is not None
    assert settings.roots.pem == pki.root_file.read_bytes()


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"ca_file": "/nowhere.pem"}, "tls.ca_unreadable"),
        ({"ca_pem": b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END"}, "tls.ca_unreadable"),
        ({"ca_pem": b"nothing"}, "tls.ca_unreadable"),
        ({"ciphers": "NOT-A-CIPHER"}, "tls.bad_cipher_list"),
        ({"ciphers": "TLS_AES_999_GCM"}, "tls.bad_cipher_list"),
        ({"curves": "P-999"}, "tls.bad_cipher_list"),
        ({"cert_file": "/nowhere.pem"}, "tls.client_certificate_unusable"),
    ],
)
def test_what_cannot_be_is_said_with_a_hint(options: dict[str, Any], error: str) -> None:
    with pytest.raises(TlsError) as caught:
        make_settings(TlsOptions(**options), Machine({})).context()
    assert caught.value.id == error
    assert caught.value.hint


def test_a_client_key_must_fit_its_certificate(pki: Pki) -> None:
    options = TlsOptions(
        cert_file=str(pki.client.cert_file), key_file=str(pki.issue("good").key_file)
    )
    with pytest.raises(TlsError) as caught:
        make_settings(options, Machine({})).context()
    assert caught.value.id == "tls.client_certificate_unusable"
    assert "mismatch" in caught.value.message


def test_certificate_and_key_may_share_a_file(pki: Pki, tmp_path: Path) -> None:
    both = tmp_path / "both.pem"
    both.write_bytes(pki.client.cert_file.read_bytes() + pki.client.key_file.read_bytes())
    make_settings(TlsOptions(cert_file=str(both)), Machine({})).context()


def test_unreadable_roots_do_not_matter_when_nothing_is_checked() -> None:
    options = TlsOptions(ca_file="/nowhere.pem", insecure=True)
    make_settings(options, Machine({})).context()
