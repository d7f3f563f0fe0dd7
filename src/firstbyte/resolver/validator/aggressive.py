"""Answers made from what is already known (RFC 8198): NSEC and NSEC3 records as a cache of gaps.

Where a gap is known, a name in it does not exist; and where a wildcard stands above the gap and its
data are known too, they are the name's data.
"""

from bisect import bisect_right, insort
from collections.abc import Sequence

from msgspec import Struct, field

from firstbyte.protocols.dns import constants as dns
from firstbyte.protocols.dns.message import RRset
from firstbyte.protocols.dns.names import (
    ancestor,
    ancestors,
    canonical_order,
    is_under,
    label_count,
    wildcard,
)
from firstbyte.resolver.cache import Entry
from firstbyte.resolver.machine.settings import Settings
from firstbyte.resolver.machine.values import Moment, Security
from firstbyte.resolver.machine.work import Work
from firstbyte.resolver.validator import nsec, nsec3
from firstbyte.resolver.validator.denial import Proof

MAX_LINKS = 20000
"""Links that are kept of one zone."""
MAX_ZONES = 500
MAX_WILDCARDS = 1000
"""Sets of wildcards that are kept of one zone."""
_Order = tuple[bytes, ...]
_Hashed = tuple[nsec3.Nsec3, RRset, float]


class _Zone(Struct):
    """The links of one zone, in canonical order of their owners."""

    order: list[_Order] = field(default_factory=list)
    links: dict[_Order, tuple[nsec.Nsec, RRset, float]] = field(default_factory=dict)
    soa: RRset | None = None
    soa_expires_s: float = 0.0
    hashes: "_Hashes | None" = None
    wildcards: dict[tuple[bytes, int], tuple[RRset, float]] = field(default_factory=dict)
    """The data of wildcards, as an answer had them, and their end."""

    def add(self, link: nsec.Nsec, rrset: RRset, expires_s: float) -> None:
        key = canonical_order(link.owner)
        if key not in self.links:
            if len(self.order) >= MAX_LINKS:
                return
            insort(self.order, key)
        self.links[key] = (link, rrset, expires_s)

    def before(self, name: bytes, now_s: float) -> tuple[nsec.Nsec, RRset, float] | None:
        """The link at or before ``name``, while it holds."""
        at = bisect_right(self.order, canonical_order(name)) - 1
        if at < 0:
            return None
        found = self.links[self.order[at]]
        if now_s < found[2]:
            return found
        del self.links[self.order[at]]
        del self.order[at]
        return None

    def wildcard(self, encloser: bytes, rdtype: int, now_s: float) -> tuple[RRset, float] | None:
        """The data, or the alias, of the wildcard below ``encloser``, while they hold."""
        star = wildcard(encloser)
        for kind in (rdtype, dns.CNAME):
            found = self.wildcards.get((star, kind))
            if found is not None and now_s < found[1]:
                return found
        return None


class _Hashes(Struct):
    """The hashed links of one zone, in order; of one set of parameters at a time."""

    params: nsec3.Params
    order: list[bytes] = field(default_factory=list)
    links: dict[bytes, _Hashed] = field(default_factory=dict)

    def add(self, link: nsec3.Nsec3, rrset: RRset, expires_s: float) -> None:
        if link.hash not in self.links:
            if len(self.order) >= MAX_LINKS:
                return
            insort(self.order, link.hash)
        self.links[link.hash] = (link, rrset, expires_s)

    def near(self, name: bytes, now_s: float) -> _Hashed | None:
        """The link at or before the name's hash, while it holds; the last one wraps around."""
        if not self.order:
            return None
        at = bisect_right(self.order, nsec3.hashed(name, self.params)) - 1
        found = self.links[self.order[at]]
        if now_s < found[2]:
            return found
        del self.links[self.order[at]]
        del self.order[at]
        return None

    def proof(self, name: bytes, zone: bytes, now_s: float) -> list[_Hashed]:
        """The links that a denial of ``name`` needs; none where one of them is not known."""
        used: dict[bytes, _Hashed] = {}
        for above in ancestors(name):
            found = self.near(above, now_s) if is_under(above, zone) else None
            if found is None:
                return []
            used[found[0].hash] = found
            if found[0].hash != nsec3.hashed(above, self.params):
                continue
            star = self.near(wildcard(above), now_s) if above != name else None
            if star is not None:
                used[star[0].hash] = star
            return list(used.values())
        return []


class Denials:
    """What secure zones said does not exist."""

    def __init__(self, settings: Settings) -> None:
        self._enabled = settings.cache.aggressive_nsec and settings.validation.enabled
        self._limits = settings.limits
        self._fences = frozenset({*settings.stub, *settings.forward})
        self._zones: dict[bytes, _Zone] = {}

    def clear(self) -> None:
        """Forget all."""
        self._zones.clear()

    def learn(self, entry: Entry, now: Moment) -> None:
        """Keep the links of a secure denial, or of a secure wildcard answer."""
        zone = entry.signer
        if not self._enabled or not entry.proofs or zone is None:
            return
        expires_s = now.unix_s + entry.remaining_s(now.unix_s)
        kept = self._zone(zone)
        if entry.soa is not None and entry.soa.key == zone:
            kept.soa, kept.soa_expires_s = entry.soa, expires_s
        for rrset in entry.proofs:
            _keep(kept, zone, rrset, min(expires_s, now.unix_s + rrset.ttl_s))
        if entry.wildcard and entry.rrset is not None and entry.dname is None:
            _keep_wildcard(kept, entry.rrset, entry.labels, expires_s)

    def expand(self, name: bytes, rdtype: int, now: Moment) -> Entry | None:
        """The data that a known wildcard gives ``name`` (RFC 8198, 5.3); None: not provable."""
        if not self._enabled or rdtype in (dns.ANY, dns.DS):
            return None
        above = self._zones_above(name)
        for at, zone_name in enumerate(above):
            zone = self._zones.get(zone_name)
            if zone is None:
                continue
            for encloser in above[1 : at + 1] if zone.wildcards else ():
                found = zone.wildcard(encloser, rdtype, now.unix_s)
                if found is not None:
                    return self._expanded(zone, zone_name, name, encloser, found, now)
            return None
        return None

    def _zones_above(self, name: bytes) -> Sequence[bytes]:
        """The zones that may speak of a name: none above a stub or a forwarder's zone."""
        above = ancestors(name)
        if self._fences:
            for at, zone_name in enumerate(above):
                if zone_name in self._fences:
                    return above[: at + 1]
        return above

    def _expanded(
        self,
        zone: _Zone,
        zone_name: bytes,
        name: bytes,
        encloser: bytes,
        found: tuple[RRset, float],
        now: Moment,
    ) -> Entry | None:
        """The entry, where a link proves that nothing is closer to ``name`` than the wildcard."""
        labels = label_count(encloser)
        rrset, ends_s = found
        proof: tuple[RRset, float] | None = None
        if zone.hashes is None:
            link = zone.before(name, now.unix_s)
            if link is not None and nsec.no_closer([link[0]], name, labels) is Proof.PROVED:
                proof = link[1:]
        else:
            hashed = zone.hashes.near(ancestor(name, labels + 1), now.unix_s)
            if hashed is not None:
                chain = nsec3.Chain([hashed[0]], zone_name, Work(self._limits))
                if chain.no_closer(name, labels) is Proof.PROVED:
                    proof = hashed[1:]
        if proof is None:
            return None
        ends_s = min(ends_s, proof[1])
        copy = RRset(name, rrset.rdtype, rrset.ttl_s, rrset.rdatas, rrset.signatures)
        entry = Entry(name, rrset.rdtype, copy, int(ends_s - now.unix_s))
        entry.wildcard = True
        entry.proofs = [proof[0]]
        entry.security = Security.SECURE
        entry.stored_s = now.unix_s
        entry.expires_s = ends_s
        return entry

    def _zone(self, name: bytes) -> _Zone:
        kept = self._zones.get(name)
        if kept is None:
            if len(self._zones) >= MAX_ZONES:
                del self._zones[next(iter(self._zones))]
            kept = self._zones[name] = _Zone()
        return kept

    def deny(self, name: bytes, rdtype: int, now: Moment) -> Entry | None:
        """A secure denial of ``name`` with this type, made of known links; None: not provable."""
        if not self._enabled or not self._zones or rdtype == dns.ANY:
            return None
        above = self._zones_above(name)
        for zone_name in above[1:] if rdtype == dns.DS else above:
            zone = self._zones.get(zone_name)
            if zone is not None and zone.soa is not None and now.unix_s < zone.soa_expires_s:
                if zone.hashes is not None:
                    return self._deny_hashed(zone, zone_name, name, rdtype, now)
                return self._deny_in(zone, zone.soa, name, rdtype, now)
        return None

    def _deny_hashed(
        self, zone: _Zone, zone_name: bytes, name: bytes, rdtype: int, now: Moment
    ) -> Entry | None:
        if zone.hashes is None or zone.soa is None:
            return None
        used = zone.hashes.proof(name, zone_name, now.unix_s)
        if not used:
            return None
        chain = nsec3.Chain([item[0] for item in used], zone_name, Work(self._limits))
        nxdomain = chain.match(name) is None and chain.no_name(name) is Proof.PROVED
        if not nxdomain and chain.no_data(name, rdtype) is not Proof.PROVED:
            return None
        proofs = [(rrset, ends_s) for _, rrset, ends_s in used]
        return _denial(name, rdtype, nxdomain, zone.soa, proofs, zone, now)

    def _deny_in(
        self, zone: _Zone, soa: RRset, name: bytes, rdtype: int, now: Moment
    ) -> Entry | None:
        first = zone.before(name, now.unix_s)
        if first is None:
            return None
        used = [first]
        link = first[0]
        if link.owner != name:
            if not nsec.covers(link, name):
                return None
            star = zone.before(wildcard(nsec.closest_encloser(link, name)), now.unix_s)
            if star is None:
                return None
            if star[1] is not first[1]:
                used.append(star)
        links = [item[0] for item in used]
        nxdomain = nsec.no_name(links, name) is Proof.PROVED
        if not nxdomain and nsec.no_data(links, name, rdtype) is not Proof.PROVED:
            return None
        proofs = [(rrset, ends_s) for _, rrset, ends_s in used]
        return _denial(name, rdtype, nxdomain, soa, proofs, zone, now)


def _denial(
    name: bytes,
    rdtype: int,
    nxdomain: bool,
    soa: RRset,
    proofs: list[tuple[RRset, float]],
    zone: _Zone,
    now: Moment,
) -> Entry:
    ends_s = min(zone.soa_expires_s, *(ends_s for _, ends_s in proofs))
    entry = Entry(name, rdtype, None, max(0, int(ends_s - now.unix_s)))
    entry.nxdomain = nxdomain
    entry.soa = soa
    entry.proofs = [rrset for rrset, _ in proofs]
    entry.security = Security.SECURE
    entry.stored_s = now.unix_s
    entry.expires_s = ends_s
    return entry


def _keep(zone: _Zone, name: bytes, rrset: RRset, expires_s: float) -> None:
    if rrset.rdtype == dns.NSEC:
        link = nsec.parse(rrset)
        if link is not None and is_under(link.next, name) and not _is_compact(link):
            zone.add(link, rrset, expires_s)
        return
    hashed = nsec3.parse(rrset)
    if hashed is None or hashed.zone != name or _is_narrow(hashed):
        return
    if zone.hashes is None or zone.hashes.params != hashed.params:
        zone.hashes = _Hashes(hashed.params)
    zone.hashes.add(hashed, rrset, expires_s)


def _keep_wildcard(zone: _Zone, rrset: RRset, labels: int, expires_s: float) -> None:
    place = (wildcard(ancestor(rrset.key, labels)), rrset.rdtype)
    zone.wildcards[place] = (rrset, expires_s)
    if len(zone.wildcards) > MAX_WILDCARDS:
        del zone.wildcards[next(iter(zone.wildcards))]


def _is_narrow(link: nsec3.Nsec3) -> bool:
    """A link made for one question (RFC 7129, appendix B): it holds no other name.

    Balancers are known that make such ones with types left out that the name has.
    """
    gap = int.from_bytes(link.next, "big") - int.from_bytes(link.hash, "big")
    return 0 < gap <= 2


def _is_compact(link: nsec.Nsec) -> bool:
    """A link made for one question (RFC 9824, RFC 4470): its gap is nothing, so it is no use."""
    return link.next == b"\x01\0" + link.owner
