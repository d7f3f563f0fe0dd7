"""A zone in memory: its names with their sets, where it is delegated, and how it denies."""

from typing import Protocol

from msgspec import Struct, field

from firstbyte.protocols.dns import constants as dns
from firstbyte.protocols.dns.message import RRset
from firstbyte.protocols.dns.names import ancestors, canonical_order, is_under, parent
from firstbyte.server.dns.journal import Journal

Node = dict[int, RRset]


class Denial(Protocol):
    """A chain of NSEC or NSEC3 records; each method gives the records that prove its claim."""

    def no_name(self, name: bytes, encloser: bytes) -> list[RRset]:
        """``name`` does not exist, and no wildcard at ``encloser`` either (RFC 4035, 3.1.3.2)."""

    def no_data(self, name: bytes, encloser: bytes) -> list[RRset]:
        """``name`` exists, without the type that was asked for (3.1.3.1; RFC 5155, 7.2.3)."""

    def no_closer(self, name: bytes, encloser: bytes) -> list[RRset]:
        """Nothing between ``encloser`` and ``name`` exists: a wildcard may answer (3.1.3.3)."""

    def no_wildcard_data(self, name: bytes, encloser: bytes) -> list[RRset]:
        """The wildcard that stands for ``name`` lacks the type (3.1.3.4)."""

    def at(self, name: bytes) -> RRset | None:
        """The record with this owner, if clients may ask for it by name."""

    def all(self) -> list[RRset]:
        """Every record of the chain, in its order."""


class Signer(Protocol):
    """Makes signatures."""

    def sign(self, rrset: RRset, now_s: float) -> None:
        """Put fresh signatures on the set, unless those that it has still last."""


class Zone(Struct):
    """``apex`` and all names are keys (lower case). ``nodes`` holds empty non-terminals, too."""

    apex: bytes
    nodes: dict[bytes, Node]
    cuts: set[bytes] = field(default_factory=set)
    """Names with an NS set below the apex."""
    denial: Denial | None = None
    signer: Signer | None = None
    journal: Journal = field(default_factory=Journal)
    """How it came from the versions that were served before."""
    remarks: list[str] = field(default_factory=list)
    """What its operator should know of it."""

    @property
    def soa(self) -> RRset:
        """The SOA set; every zone that was loaded has one."""
        return self.nodes[self.apex][dns.SOA]

    @property
    def serial(self) -> int:
        """The SOA's serial number."""
        return int.from_bytes(self.soa.rdatas[0][-20:-16], "big")

    @property
    def negative_ttl_s(self) -> int:
        """How long denials live: the lesser of the SOA's TTL and its last field (RFC 9077)."""
        soa = self.soa
        return min(soa.ttl_s, int.from_bytes(soa.rdatas[0][-4:], "big"))

    def interruption(self, name: bytes, rdtype: int) -> bytes | None:
        """The highest name at which the zone ends (a cut) or is redirected (a DNAME) for ``name``.

        A DS stands above the cut of its own name; a DNAME redirects what is below it alone.
        """
        for above in reversed(ancestors(name)):
            if len(above) < len(self.apex):
                continue
            node = self.nodes.get(above)
            if node is None:
                return None
            if above in self.cuts and not (above == name and rdtype == dns.DS):
                return above
            if dns.DNAME in node and above != name:
                return above
        return None

    def is_authoritative(self, name: bytes) -> bool:
        """Whether ``name`` is not hidden below a cut or a DNAME; a cut itself is not hidden."""
        while name != self.apex:
            name = parent(name)
            if name in self.cuts or dns.DNAME in self.nodes.get(name, ()):
                return False
        return True

    def closest_encloser(self, name: bytes) -> bytes:
        """The longest ancestor of ``name`` that exists."""
        while name not in self.nodes:
            name = parent(name)
        return name

    def signed(self, rrset: RRset, now_s: float) -> RRset:
        """The set with signatures, made now if the zone is signed as it answers."""
        if self.signer is not None:
            self.signer.sign(rrset, now_s)
        return rrset

    def version(self, now_s: float) -> list[RRset]:
        """Every set as it is now, freshly signed: the SOA first, the chain of denial last."""
        if self.signer is not None:
            for rrset in self.authoritative_sets():
                self.signed(rrset, now_s)
        soa = self.soa
        every = [rrset for node in self.nodes.values() for rrset in node.values()]
        chain = [] if self.denial is None else self.denial.all()
        signed = [self.signed(rrset, now_s) for rrset in chain]
        return [soa, *(rrset for rrset in every if rrset is not soa), *signed]

    def authoritative_sets(self) -> list[RRset]:
        """The sets that are signed: no glue, and no NS set of a cut (RFC 4035, 2.2)."""
        found = []
        for name, node in self.nodes.items():
            if not node or not self.is_authoritative(name):
                continue
            for rdtype, rrset in node.items():
                if name not in self.cuts or rdtype == dns.DS:
                    found.append(rrset)
        return found

    def ordered_names(self) -> list[bytes]:
        """All names that are not hidden, empty non-terminals too, in DNSSEC's order."""
        return sorted(filter(self.is_authoritative, self.nodes), key=canonical_order)


def make_zone(apex: bytes, rrsets: list[RRset]) -> Zone:
    """A zone of these sets, with its empty non-terminals and cuts; what is outside is left out."""
    zone = Zone(apex, {apex: {}})
    for rrset in rrsets:
        if is_under(rrset.key, apex):
            add(zone, rrset)
    return zone


def add(zone: Zone, rrset: RRset) -> None:
    """Put a set in, in place of one of its name and type."""
    for name in ancestors(rrset.key):
        if name == zone.apex:
            break
        zone.nodes.setdefault(name, {})
    zone.nodes[rrset.key][rrset.rdtype] = rrset
    if rrset.rdtype == dns.NS and rrset.key != zone.apex:
        zone.cuts.add(rrset.key)
