"""Roots that were added to this machine."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes, serialization

from firstbyte.net import tls_local_roots
from firstbyte.net.tls_certificates import describe_chain
from firstbyte.net.tls_local_roots import added_roots, tell_origin
from firstbyte.net.tls_trust import Roots, system_roots
from testbed.pki import Pki


@pytest.fixture
def pki(tmp_path: Path) -> Pki:
    return Pki(tmp_path)


def test_files_of_both_forms_are_read_and_others_are_passed_over(pki: Pki, tmp_path: Path):
    place = tmp_path / "added"
    (place / "deep").mkdir(parents=True)
    root = pki.root.certificate
    (place / "notes.txt").write_text("-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----")
    (place / "deep" / "root.crt").write_bytes(pki.root_file.read_bytes())
    other = pki.stranger.certificate.public_bytes(serialization.Encoding.DER)
    (place / "other.der").write_bytes(other)
    found = added_roots((str(place), str(tmp_path / "nowhere")))
    assert found[root.fingerprint(hashes.SHA256()).hex()] == str(place / "deep" / "root.crt")
    assert str(place / "other.der") in found.values()


def test_only_the_systems_own_store_is_looked_at(pki: Pki, tmp_path: Path, monkeypatch):
    place = tmp_path / "added"
    place.mkdir()
    (place / "root.crt").write_bytes(pki.root_file.read_bytes())
    monkeypatch.setattr(tls_local_roots, "PLACES", (str(place),))
    certificates = (*pki.issue("good").chain, pki.root.certificate)
    ders = [one.public_bytes(serialization.Encoding.DER) for one in certificates]
    built = describe_chain(ders, ders[:2])
    assert tell_origin(built, Roots("options", file="x")) == built
    told = tell_origin(built, Roots("the system's store", of_system=True))
    assert [one.added_from for one in told] == [None, None, str(place / "root.crt")]
    assert tell_origin((), Roots("the system's store", of_system=True)) == ()
    assert system_roots().of_system or "nowhere" in system_roots().origin
