from collections.abc import Mapping
from pathlib import Path

import pytest

from firstbyte.net import tls_trust
from firstbyte.net.tls_trust import Roots, choose_roots, system_roots


def choose(
    environment: Mapping[str, str],
    anchors: bytes | None = None,
    file: str | None = None,
    path: str | None = None,
    pem: bytes | None = None,
) -> Roots:
    return choose_roots(
        ca_file=file, ca_path=path, ca_pem=pem, environment=environment, anchors_pem=anchors
    )


ALL = {"CURL_CA_BUNDLE": "/curl.pem", "SSL_CERT_FILE": "/file.pem", "SSL_CERT_DIR": "/dir"}


@pytest.mark.parametrize(
    ("roots", "expected"),
    [
        (choose(ALL, b"anchors", file="/mine.pem"), Roots("options", file="/mine.pem")),
        (choose(ALL, path="/certs"), Roots("options", directory="/certs")),
        (choose(ALL, pem=b"PEM"), Roots("options", pem=b"PEM")),
        (choose(ALL, b"anchors"), Roots("CURL_CA_BUNDLE", file="/curl.pem")),
        (
            choose({**ALL, "CURL_CA_BUNDLE": ""}),
            Roots("SSL_CERT_FILE, SSL_CERT_DIR", file="/file.pem", directory="/dir"),
        ),
        (choose({"SSL_CERT_DIR": "/dir"}), Roots("SSL_CERT_DIR", directory="/dir")),
        (choose({}, b"anchors"), Roots("the machine's trust anchors", pem=b"anchors")),
    ],
)
def test_who_names_the_roots_decides(roots: Roots, expected: Roots) -> None:
    assert roots == expected


def test_a_hashed_directory_is_preferred_to_a_bundle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = tmp_path / "bundle.pem"
    bundle.touch()
    directory = tmp_path / "certs"
    directory.mkdir()
    monkeypatch.setattr(tls_trust, "SYSTEM_FILES", (str(bundle),))
    monkeypatch.setattr(tls_trust, "SYSTEM_DIRECTORIES", (str(directory),))
    assert system_roots().file == str(bundle)
    (directory / "5ad8a5d6.0").touch()
    assert system_roots().directory == str(directory)
    assert system_roots().file is None
    assert not system_roots().required


def test_a_system_without_a_store_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tls_trust, "SYSTEM_FILES", ("/nowhere/bundle.pem",))
    monkeypatch.setattr(tls_trust, "SYSTEM_DIRECTORIES", ("/nowhere",))
    assert "no store" in system_roots().origin
