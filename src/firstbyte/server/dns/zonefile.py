"""BIND's zone files (RFC 1035, 5; RFC 2308, 4) to zones; presigned ones keep their signatures."""

from collections.abc import Iterable
from pathlib import Path

import dns.exception
import dns.name
import dns.rdataset
import dns.rdatatype
import dns.zone

from firstbyte.errors import UsageError
from firstbyte.protocols.dns import constants
from firstbyte.protocols.dns.message import RRset
from firstbyte.protocols.dns.names import from_text
from firstbyte.server.dns import nsec, nsec3
from firstbyte.server.dns.zone import Denial, Zone, make_zone
from firstbyte.server.dns.zone_check import remarks
from firstbyte.server.dns.zone_reader import read

_AFFIXES = (".zone", ".db", ".txt", ".signed", ".hosts")


def load_zone(path: Path, origin: str | None = None) -> Zone:
    """The zone in a file. Its name is ``origin``, or what the file says, or the file's own name.

    Raises:
        UsageError: it cannot be read, breaks the format, or lacks a SOA.

    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        words = error.strerror if isinstance(error, OSError) else "it is no text (UTF-8)"
        raise UsageError(f"cannot read the zone file {path}: {words}") from error
    return parse_zone(text, origin or origin_in(text) or _origin_of(path), str(path), path.parent)


def parse_zone(text: str, origin: str, source: str, directory: Path | None = None) -> Zone:
    """The zone ``origin`` in a zone file's text. $INCLUDE is allowed where ``directory`` is given.

    Raises:
        UsageError: it breaks the format, or lacks a SOA.

    """
    apex = _apex(origin)
    reading = read(text, apex, source, directory)
    zone = from_dnspython(reading.zone, apex, source)
    zone.remarks = [*reading.remarks, *remarks(zone)]
    return zone


def _apex(origin: str) -> dns.name.Name:
    try:
        return dns.name.from_text(origin)
    except dns.exception.DNSException as error:
        raise UsageError(f"{origin!r} is no zone's name: {error}") from error


def from_dnspython(zone: dns.zone.Zone, apex: dns.name.Name, source: str = "zone") -> Zone:
    """A zone of dnspython's, as it is.

    Raises:
        UsageError: it lacks a SOA.

    """
    sets = list(_sets(zone))
    chain = [rrset for rrset in sets if rrset.rdtype in (constants.NSEC, constants.NSEC3)]
    made = make_zone(_key(apex), [rrset for rrset in sets if rrset not in chain])
    if constants.SOA not in made.nodes[made.apex]:
        raise UsageError(
            f"{source}: there is no SOA record at {apex}",
            "a zone begins with one; name the zone as ORIGIN=FILE if the file does not",
        )
    made.denial = _denial(made, chain)
    return made


def _sets(zone: dns.zone.Zone) -> Iterable[RRset]:
    for name, node in zone.nodes.items():
        key = _key(name.derelativize(zone.origin) if zone.origin is not None else name)
        for rdataset in node.rdatasets:
            if rdataset.rdtype == dns.rdatatype.RRSIG or not rdataset:
                continue
            rdatas = [_wire(rdata.to_wire(origin=zone.origin)) for rdata in rdataset]
            signatures = node.get_rdataset(rdataset.rdclass, dns.rdatatype.RRSIG, rdataset.rdtype)
            signed = [_wire(rdata.to_wire(origin=zone.origin)) for rdata in signatures or ()]
            yield RRset(key, int(rdataset.rdtype), rdataset.ttl, tuple(rdatas), tuple(signed))


def _denial(zone: Zone, chain: list[RRset]) -> Denial | None:
    """The chain of a presigned zone."""
    hashed = [rrset for rrset in chain if rrset.rdtype == constants.NSEC3]
    if hashed:
        rdata = hashed[0].rdatas[0]
        salt = rdata[5 : 5 + rdata[4]]
        params = nsec3.Params(int.from_bytes(rdata[2:4], "big"), salt, bool(rdata[1] & 1))
        return nsec3.Nsec3Chain(zone.apex, params, hashed)
    return nsec.NsecChain(chain) if chain else None


def _key(name: dns.name.Name) -> bytes:
    return _wire(name.canonicalize().to_wire())


def _wire(value: bytes | None) -> bytes:
    return value if value is not None else b""


def origin_in(text: str) -> str | None:
    """The zone's name as the text before its SOA record says it; None where it does not."""
    origin: str | None = None
    for line in text.splitlines():
        words = line.partition(";")[0].split()
        if len(words) >= 2 and words[0].upper() == "$ORIGIN":
            origin = words[1] if words[1].endswith(".") or origin is None else None
        elif "SOA" in (word.upper() for word in words[1:5]):
            return _absolute(words[0] if not line[0].isspace() else "@", origin)
    return origin


def _absolute(owner: str, origin: str | None) -> str | None:
    if owner.endswith("."):
        return owner
    if origin is None or owner == "@":
        return origin
    return f"{owner}.{origin}"


def _origin_of(path: Path) -> str:
    """``example.org.zone`` and ``db.example.org`` are files of example.org."""
    name = path.name.removeprefix("db.")
    for affix in _AFFIXES:
        name = name.removesuffix(affix)
    return "." if name == "root" else name


def apex_of(text: str) -> bytes:
    """A zone's name, typed by a person, as key."""
    return from_text(text).lower()
