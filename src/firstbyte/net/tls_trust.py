"""Which root certificates are trusted, and by whose word: options, environment, the system."""

from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

SYSTEM_FILES = (
    "/etc/ssl/certs/ca-certificates.crt",  # Debian, Ubuntu, Arch, Gentoo
    "/etc/pki/tls/certs/ca-bundle.crt",  # Fedora, RHEL
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  # RHEL 7 and later
    "/etc/ssl/ca-bundle.pem",  # openSUSE
    "/etc/ssl/cert.pem",  # Alpine, the BSDs, macOS
    "/usr/local/share/certs/ca-root-nss.crt",  # FreeBSD
)
SYSTEM_DIRECTORIES = ("/etc/ssl/certs", "/etc/pki/tls/certs", "/system/etc/security/cacerts")


class Roots(Struct, frozen=True):
    """Where the root certificates come from; several sources add up. ``origin`` is for people."""

    origin: str
    file: str | None = None
    directory: str | None = None
    pem: bytes | None = None
    required: bool = True
    """Whether a file that cannot be read is an error: somebody named it."""
    of_system: bool = False
    """They are the system's own store, which nobody named."""


def choose_roots(
    *,
    ca_file: str | None,
    ca_path: str | None,
    ca_pem: bytes | None,
    environment: Mapping[str, str],
    anchors_pem: bytes | None,
) -> Roots:
    """Decide as curl does.

    What the caller named wins; then CURL_CA_BUNDLE alone; then SSL_CERT_FILE and SSL_CERT_DIR
    together; then the machine's own anchors; then the places where systems keep their store.
    An empty variable counts as unset.
    """
    if ca_file or ca_path or ca_pem:
        return Roots("options", ca_file, ca_path, ca_pem)
    if bundle := environment.get("CURL_CA_BUNDLE"):
        return Roots("CURL_CA_BUNDLE", file=bundle)
    file = environment.get("SSL_CERT_FILE") or None
    directory = environment.get("SSL_CERT_DIR") or None
    if file or directory:
        named = ", ".join(
            name for name, value in (("SSL_CERT_FILE", file), ("SSL_CERT_DIR", directory)) if value
        )
        return Roots(named, file=file, directory=directory)
    if anchors_pem is not None:
        return Roots("the machine's trust anchors", pem=anchors_pem)
    return system_roots()


def system_roots() -> Roots:
    """The system's store: a hashed directory if there is one, for it is read only as needed."""
    for directory in SYSTEM_DIRECTORIES:
        if _is_hashed(Path(directory)):
            return Roots("the system's store", directory=directory, required=False, of_system=True)
    for file in SYSTEM_FILES:
        if Path(file).is_file():
            return Roots("the system's store", file=file, required=False, of_system=True)
    return Roots("nowhere: this system has no store of root certificates", required=False)


def _is_hashed(directory: Path) -> bool:
    """Whether OpenSSL can find certificates there by name: files like ``5ad8a5d6.0``."""
    try:
        return any(path.suffix == ".0" for path in directory.iterdir())
    except OSError:
        return False
