"""Which version of a zone is served after a reload, and under which serial."""

from firstbyte.protocols.dns.names import to_text
from firstbyte.server.dns.journal import Entry, entries, is_newer
from firstbyte.server.dns.zone import Zone

Source = tuple[bytes, frozenset[Entry]]
"""A zone's SOA data, and all its other records."""


def source_of(zone: Zone) -> Source:
    """What the zone's file says, to see whether it has changed."""
    every = [rrset for node in zone.nodes.values() for rrset in node.values()]
    chain = [] if zone.denial is None else zone.denial.all()
    return zone.soa.rdatas[0], frozenset(entries([*every, *chain]))


def number_version(zone: Zone, served: int, *, signed: bool) -> str | None:
    """Give a changed zone its serial; what the operator should know, if anything.

    A zone that is signed here gets the next serial where its file's is not greater than the one
    that was ``served``; others are served as they are, and their secondaries will not notice.
    """
    if is_newer(zone.serial, served):
        return None
    if signed:
        _set_serial(zone, (served + 1) & 0xFFFFFFFF)
        return None
    name = to_text(zone.apex)
    if zone.serial == served:
        return f"{name} has changed, but not its serial {served}: secondaries will not notice"
    return f"the serial of {name} went back from {served} to {zone.serial}: secondaries keep theirs"


def _set_serial(zone: Zone, serial: int) -> None:
    rdata = zone.soa.rdatas[0]
    zone.soa.rdatas = [rdata[:-20] + serial.to_bytes(4, "big") + rdata[-16:]]
