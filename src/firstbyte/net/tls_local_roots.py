"""Root certificates that were added to this machine, beside those of its system's list.

Every system keeps what its administrator added apart from what it ships; the store that programs
read is merged from both, so that the store alone does not tell who put a root there.
"""

import hashlib
import re
import ssl
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from msgspec.structs import replace

from firstbyte.events.tls import Certificate
from firstbyte.net.tls_trust import Roots

PLACES = (
    "/usr/local/share/ca-certificates",  # Debian, Ubuntu, Alpine
    "/etc/pki/ca-trust/source/anchors",  # Fedora, RHEL
    "/usr/share/pki/ca-trust-source/anchors",
    "/etc/ca-certificates/trust-source/anchors",  # Arch
    "/etc/pki/trust/anchors",  # openSUSE
)
_MOST_FILES = 1_000
_LARGEST_BYTES = 1 << 20
_PEM = re.compile(r"-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----")


def tell_origin(built: tuple[Certificate, ...], roots: Roots) -> tuple[Certificate, ...]:
    """The chain that verification built; its root says so if it was added to this machine.

    Only of the system's store: roots that the user named are what the user wants.
    """
    if not built or not roots.of_system:
        return built
    file = added_roots(PLACES).get(built[-1].sha256)
    return (*built[:-1], replace(built[-1], added_from=file)) if file else built


@cache
def added_roots(places: tuple[str, ...]) -> dict[str, str]:
    """The files by the SHA-256 of the certificates in them; what cannot be read is left out."""
    found: dict[str, str] = {}
    for file in _files(places):
        for der in _certificates(file):
            found.setdefault(hashlib.sha256(der).hexdigest(), str(file))
    return found


def _files(places: tuple[str, ...]) -> Iterator[Path]:
    for place in places:
        try:
            yield from sorted(Path(place).rglob("*"))[:_MOST_FILES]
        except OSError:
            continue


def _certificates(file: Path) -> Iterator[bytes]:
    try:
        if not file.is_file() or file.stat().st_size > _LARGEST_BYTES:
            return
        data = file.read_bytes()
    except OSError:
        return
    blocks = _PEM.findall(data.decode("latin-1"))
    for block in blocks:
        try:
            yield ssl.PEM_cert_to_DER_cert(block)
        except ValueError:
            continue
    if not blocks:
        yield data
