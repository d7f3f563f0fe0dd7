"""The hosts file, hosts(5), as glibc's ``files`` reads it; and fixed addresses (``--resolve``)."""

from collections.abc import Iterator

from msgspec import Struct

from firstbyte.resolver.names import parse_literal

Static = tuple[str, int, tuple[str, ...]]
"""One ``--resolve``: host (or "*"), port, addresses."""


class HostsEntry(Struct, frozen=True):
    """One line: an address, its canonical name, and all names of the line in lower case."""

    address: str
    canonical_name: str
    names: frozenset[str]


class HostsHit(Struct, frozen=True):
    """What the file says about a name: its addresses in the file's order."""

    addresses: tuple[str, ...]
    canonical_name: str


def parse_hosts(text: str) -> tuple[HostsEntry, ...]:
    """Read hosts(5); lines that cannot be read are skipped, as the system does.

    Args:
        text: the file; ``#`` begins a comment, fields are separated by blanks.

    """
    return tuple(_entries(text))


def find(entries: tuple[HostsEntry, ...], name: str) -> HostsHit | None:
    """All addresses of ``name`` (lower case, no trailing dot), or None."""
    hits = [entry for entry in entries if name in entry.names]
    if not hits:
        return None
    addresses = tuple(dict.fromkeys(entry.address for entry in hits))
    return HostsHit(addresses, hits[0].canonical_name)


def find_static(static: tuple[Static, ...], name: str, port: int) -> tuple[str, ...] | None:
    """The addresses fixed for ``name`` and ``port``, or None.

    A later entry beats an earlier one, and an exact host beats ``*``, as with curl.
    """
    for wanted in (name, "*"):
        for host, static_port, addresses in reversed(static):
            if static_port == port and host.lower().removesuffix(".") == wanted:
                return addresses
    return None


def _entries(text: str) -> Iterator[HostsEntry]:
    for line in text.splitlines():
        fields = line.partition("#")[0].split()
        if len(fields) < 2:
            continue
        literal = parse_literal(fields[0])
        if literal is None or fields[0].startswith("["):
            continue
        names = [field.removesuffix(".") for field in fields[1:]]
        yield HostsEntry(literal.address, names[0], frozenset(name.lower() for name in names))
