"""What changed between a zone's versions, for secondaries that have an old one (RFC 1995)."""

from collections.abc import Sequence

from msgspec import Struct

from firstbyte.protocols.dns import constants as dns
from firstbyte.protocols.dns.message import Message, RRset

MAX_CHANGES = 64
_HALF = 1 << 31
Entry = tuple[bytes, int, int, bytes]
"""A record: owner, type, TTL in seconds, data."""


class Change(Struct, frozen=True):
    """From one version to the next; each begins and ends with a SOA of its own."""

    before: RRset
    """The old SOA."""
    after: RRset
    """The new SOA."""
    gone: tuple[Entry, ...]
    come: tuple[Entry, ...]


class Journal(Struct):
    """The changes that led to the present version, oldest first."""

    changes: tuple[Change, ...] = ()

    def since(self, serial: int | None) -> tuple[Change, ...] | None:
        """What a client with version ``serial`` lacks; null: it must take the whole zone."""
        for index, change in enumerate(self.changes):
            if serial_of(change.before) == serial:
                return self.changes[index:]
        return None


def serial_of(soa: RRset) -> int:
    """The serial number of a SOA set."""
    return int.from_bytes(soa.rdatas[0][-20:-16], "big")


def is_newer(serial: int, than: int) -> bool:
    """Whether a serial is greater (RFC 1982, 3.2)."""
    return 0 < (serial - than) & 0xFFFFFFFF < _HALF


def extended(journal: Journal, before: Sequence[RRset], after: Sequence[RRset]) -> Journal:
    """The journal with one more change; ``before`` and ``after`` are whole versions."""
    old, new = entries(before), entries(after)
    gone, come = tuple(sorted(old - new)), tuple(sorted(new - old))
    soas = [_soa(version) for version in (before, after)]
    return Journal((*journal.changes, Change(soas[0], soas[1], gone, come))[-MAX_CHANGES:])


def _soa(version: Sequence[RRset]) -> RRset:
    soa = next(rrset for rrset in version if rrset.rdtype == dns.SOA)
    return RRset(soa.key, soa.rdtype, soa.ttl_s, list(soa.rdatas))


def entries(version: Sequence[RRset]) -> set[Entry]:
    """Every record but the SOA; its signatures count."""
    found: set[Entry] = set()
    for rrset in version:
        if rrset.rdtype != dns.SOA:
            found |= {(rrset.key, rrset.rdtype, rrset.ttl_s, rdata) for rdata in rrset.rdatas}
        found |= {(rrset.key, dns.RRSIG, rrset.ttl_s, rdata) for rdata in rrset.signatures}
    return found


def flatten(changes: Sequence[Change]) -> list[RRset]:
    """The difference sequences: old SOA, what is gone, new SOA, what came (RFC 1995, 4)."""
    found: list[RRset] = []
    for change in changes:
        for soa, part in ((change.before, change.gone), (change.after, change.come)):
            found.append(soa)
            found += [RRset(key, kind, ttl_s, [data]) for key, kind, ttl_s, data in part]
    return found


def client_serial(message: Message) -> int | None:
    """The version that the client has: the serial in its query's authority section (3)."""
    for record in message.authority:
        if record.rdtype == dns.SOA and len(record.rdata) >= 22:
            return int.from_bytes(record.rdata[-20:-16], "big")
    return None
