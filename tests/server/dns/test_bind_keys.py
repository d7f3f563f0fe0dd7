"""Keys that BIND's tools made."""

import shutil
import subprocess

import pytest

from firstbyte.errors import UsageError
from firstbyte.protocols.dns.names import from_text
from firstbyte.server.dns import bind_keys
from firstbyte.server.dns.key_store import load_or_make
from firstbyte.server.dns.signing import Policy

APEX = from_text("example.org.")
ED25519 = "Private-key-format: v1.3\nAlgorithm: 15 (ED25519)\nPrivateKey: {}\n"
SECRET = "bO27OBF0yNs/dEXDxP89a9ctCCkaz6tgiYZu53smOPk="


def keygen(directory, *options):
    program = shutil.which("dnssec-keygen") or shutil.which("dnssec-keygen", path="/usr/sbin")
    if program is None:
        pytest.skip("dnssec-keygen is not installed")
    call = [program, "-q", "-K", str(directory), *options, "example.org"]
    return subprocess.run(call, check=True, capture_output=True, text=True).stdout.strip()


@pytest.mark.interop
@pytest.mark.parametrize("algorithm", ["ECDSAP256SHA256", "ED25519", "RSASHA256", "RSASHA512"])
def test_the_public_key_is_the_one_that_bind_published(algorithm, tmp_path):
    name = keygen(tmp_path, "-a", algorithm, "-f", "KSK")
    (key,) = load_or_make(tmp_path, APEX, Policy(algorithm=algorithm.lower()))
    assert name.endswith(f"+{key.tag:05d}")
    assert key.role == "csk"


@pytest.mark.interop
def test_two_keys_have_the_roles_of_their_flags(tmp_path):
    zsk = keygen(tmp_path, "-a", "ED25519")
    ksk = keygen(tmp_path, "-a", "ED25519", "-f", "KSK")
    keys = load_or_make(tmp_path, APEX, Policy(algorithm="ed25519"))
    assert [(key.role, f"{key.tag:05d}") for key in keys] == [("ksk", ksk[-5:]), ("zsk", zsk[-5:])]


@pytest.mark.parametrize(
    ("private", "public", "words"),
    [
        (ED25519.format("!"), "x DNSKEY 257 3 15 AA==", "not a private key"),
        (ED25519.format("AAAA"), "x DNSKEY 257 3 15 AA==", "not a private key"),
        ("Algorithm: 15\n", "x DNSKEY 257 3 15 AA==", "not a private key"),
        ("Algorithm: 5 (RSASHA1)\n", "x DNSKEY 257 3 5 AA==", "algorithm 5"),
        (ED25519.format(SECRET), "; nothing", "no DNSKEY"),
    ],
)
def test_what_is_no_key_is_refused(private, public, words, tmp_path):
    (tmp_path / "Kexample.org.+015+00001.private").write_text(private)
    (tmp_path / "Kexample.org.+015+00001.key").write_text(public)
    with pytest.raises(UsageError, match=words):
        bind_keys.find(tmp_path, "example.org.", 15)


def test_a_private_key_without_its_public_one_is_refused(tmp_path):
    (tmp_path / "Kexample.org.+015+00001.private").write_text(ED25519.format(SECRET))
    with pytest.raises(UsageError, match="No such file"):
        bind_keys.find(tmp_path, "example.org.", 15)
