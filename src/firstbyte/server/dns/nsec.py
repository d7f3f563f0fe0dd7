"""Denial by NSEC: each name says which comes next (RFC 4034, 4; RFC 4035, 3.1.3)."""

from bisect import bisect_right
from collections.abc import Iterable

from firstbyte.protocols.dns import constants as dns
from firstbyte.protocols.dns.message import RRset
from firstbyte.protocols.dns.names import canonical_order, wildcard
from firstbyte.server.dns import bitmap
from firstbyte.server.dns.zone import Zone


class NsecChain:
    """The records in order."""

    def __init__(self, rrsets: Iterable[RRset]) -> None:
        self._sets = sorted(rrsets, key=lambda rrset: canonical_order(rrset.key))
        self._order = [canonical_order(rrset.key) for rrset in self._sets]
        self._by_key = {rrset.key: rrset for rrset in self._sets}

    def at(self, name: bytes) -> RRset | None:
        """The record of this name."""
        return self._by_key.get(name)

    def all(self) -> list[RRset]:
        """Every record."""
        return self._sets

    def _over(self, name: bytes) -> RRset:
        """The record at ``name``, or the one that leaps over it."""
        return self._sets[bisect_right(self._order, canonical_order(name)) - 1]

    def no_name(self, name: bytes, encloser: bytes) -> list[RRset]:
        """Neither the name nor its wildcard."""
        return _unique([self._over(name), self._over(wildcard(encloser))])

    def no_data(self, name: bytes, encloser: bytes) -> list[RRset]:  # noqa: ARG002
        """The name's own record, or the one over an empty non-terminal."""
        return [self._over(name)]

    def no_closer(self, name: bytes, encloser: bytes) -> list[RRset]:  # noqa: ARG002
        """Nothing as close as the name itself."""
        return [self._over(name)]

    def no_wildcard_data(self, name: bytes, encloser: bytes) -> list[RRset]:
        """The wildcard's record, and that the name itself does not exist."""
        return _unique([self._over(wildcard(encloser)), self._over(name)])


def _unique(rrsets: list[RRset]) -> list[RRset]:
    return list({rrset.key: rrset for rrset in rrsets}.values())


def build(zone: Zone) -> NsecChain:
    """The chain of a zone as it is now: make it last, before signing."""
    names = [name for name in zone.ordered_names() if zone.nodes[name]]
    made = []
    for name, following in zip(names, [*names[1:], zone.apex], strict=True):
        types = set(zone.nodes[name]) | {dns.RRSIG, dns.NSEC}
        if name in zone.cuts:
            types &= {dns.NS, dns.DS, dns.RRSIG, dns.NSEC}
        rdata = following + bitmap.encode(types)
        made.append(RRset(name, dns.NSEC, zone.negative_ttl_s, [rdata]))
    return NsecChain(made)
