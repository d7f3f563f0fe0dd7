"""What a zone says of a name: the algorithm of RFC 1034, 4.3.2, with DNSSEC's proofs."""

from msgspec import Struct, field

from firstbyte.protocols.dns import constants as dns
from firstbyte.protocols.dns.message import RRset
from firstbyte.protocols.dns.names import is_under, name_end, wildcard
from firstbyte.server.dns.zone import Node, Zone

MAX_ALIASES = 16
_TARGET_AT = {dns.NS: 0, dns.MX: 2, dns.SRV: 6, dns.SVCB: 2, dns.HTTPS: 2}
"""Where the name of a host stands in the data of types that get additional records."""
_NOT_ALIASED = frozenset({dns.CNAME, dns.ANY, dns.RRSIG, dns.NSEC})


class Found(Struct):
    """The sections of an answer."""

    rcode: int = dns.NOERROR
    authoritative: bool = True
    answer: list[RRset] = field(default_factory=list)
    authority: list[RRset] = field(default_factory=list)
    additional: list[RRset] = field(default_factory=list)
    glue_records: int = 0
    """How many of the additional records, the first ones, the referral is useless without: glue of
    hosts below the cut (RFC 9471, 3.1)."""


class Lookup:
    """One question to one zone. With ``dnssec``, signatures and proofs are put in."""

    def __init__(self, zone: Zone, now_s: float, *, dnssec: bool, minimal_any: bool) -> None:
        self._zone = zone
        self._now_s = now_s
        self._dnssec = dnssec and zone.denial is not None
        self._minimal_any = minimal_any
        self._found = Found()

    def run(self, name: bytes, rdtype: int) -> Found:
        """The answer for key ``name``, which is in the zone."""
        current: bytes | None = name
        seen: set[bytes] = set()
        while current is not None and current not in seen and len(seen) < MAX_ALIASES:
            seen.add(current)
            current = self._step(current, rdtype)
            if current is not None and not is_under(current, self._zone.apex):
                break
        for rrset in self._found.answer:
            if rdtype != dns.ANY:
                self._add_hosts(rrset)
        return self._found

    def _step(self, name: bytes, rdtype: int) -> bytes | None:
        """Answer for ``name``; the next name when it is an alias."""
        zone = self._zone
        above = zone.interruption(name, rdtype)
        if above is not None:
            if above in zone.cuts:
                self._refer(above)
                return None
            return self._redirect(zone.nodes[above][dns.DNAME], name, rdtype)
        node = zone.nodes.get(name)
        if node is not None:
            return self._at(node, name, rdtype)
        encloser = zone.closest_encloser(name)
        star = zone.nodes.get(wildcard(encloser))
        if star is None:
            self._found.rcode = dns.NXDOMAIN
            self._deny()
            if self._dnssec and zone.denial is not None:
                self._prove(zone.denial.no_name(name, encloser))
            return None
        return self._expand(star, name, encloser, rdtype)

    def _at(self, node: Node, name: bytes, rdtype: int) -> bytes | None:
        alias = node.get(dns.CNAME)
        if alias is not None and rdtype not in _NOT_ALIASED:
            self._put(alias)
            return alias.rdatas[0].lower()
        data = self._data(node, name, rdtype)
        for rrset in data:
            self._put(rrset)
        if not data:
            self._deny()
            if self._dnssec and self._zone.denial is not None:
                encloser = self._zone.closest_encloser(name)
                self._prove(self._zone.denial.no_data(name, encloser))
        return None

    def _data(self, node: Node, name: bytes, rdtype: int) -> list[RRset]:
        zone = self._zone
        link = zone.denial.at(name) if zone.denial is not None else None
        if rdtype == dns.ANY:
            whole = list(node.values())
            if self._minimal_any:
                return whole[:1]  # RFC 8482, 4.1
            return whole if link is None else [*whole, link]
        if rdtype == dns.RRSIG:
            whole = list(node.values())
            return self._signatures(whole if link is None else [*whole, link])
        if rdtype == dns.NSEC:
            return [] if link is None else [link]
        rrset = node.get(rdtype)
        return [] if rrset is None else [rrset]

    def _signatures(self, rrsets: list[RRset]) -> list[RRset]:
        """All signatures; of one set alone where more would help attackers (RFC 8482, 7)."""
        found = []
        for rrset in rrsets:
            signed = self._zone.signed(rrset, self._now_s)
            if signed.signatures:
                found.append(RRset(rrset.key, dns.RRSIG, rrset.ttl_s, list(signed.signatures)))
        return found[:1] if self._minimal_any else found

    def _expand(self, star: Node, name: bytes, encloser: bytes, rdtype: int) -> bytes | None:
        """A wildcard stands for ``name`` (RFC 4592, 3.3)."""
        denial = self._zone.denial if self._dnssec else None
        alias = star.get(dns.CNAME) if rdtype not in _NOT_ALIASED else None
        source = wildcard(encloser)
        data = [alias] if alias is not None else self._data(star, source, rdtype)
        for rrset in data:
            self._put(rrset, name)
        if data and denial is not None:
            self._prove(denial.no_closer(name, encloser))
        if not data:
            self._deny()
            if denial is not None:
                self._prove(denial.no_wildcard_data(name, encloser))
        return None if alias is None else alias.rdatas[0].lower()

    def _redirect(self, dname: RRset, name: bytes, rdtype: int) -> bytes | None:
        """A DNAME above ``name`` (RFC 6672, 3.2); the CNAME that it implies is not signed.

        Who asks for that CNAME has it, and is not led on.
        """
        self._put(dname)
        target = name[: len(name) - len(dname.key)] + dname.rdatas[0]
        if len(target) > 255:
            self._found.rcode = dns.YXDOMAIN
            return None
        self._found.answer.append(RRset(name, dns.CNAME, dname.ttl_s, [target]))
        return None if rdtype == dns.CNAME else target.lower()

    def _refer(self, cut: bytes) -> None:
        zone, found = self._zone, self._found
        if not found.answer:
            found.authoritative = False
        node = zone.nodes[cut]
        found.authority.append(node[dns.NS])
        if self._dnssec and zone.denial is not None:
            ds = node.get(dns.DS)
            if ds is not None:
                found.authority.append(zone.signed(ds, self._now_s))
            else:
                self._prove(zone.denial.no_data(cut, zone.closest_encloser(cut)))
        self._add_hosts(node[dns.NS])
        found.additional.sort(key=lambda rrset: not is_under(rrset.key, cut))
        inside = (rrset for rrset in found.additional if is_under(rrset.key, cut))
        found.glue_records = sum(len(rrset.rdatas) for rrset in inside)

    def _deny(self) -> None:
        """Say with the SOA how long the denial holds (RFC 2308, 3)."""
        soa = self._zone.signed(self._zone.soa, self._now_s)
        self._found.authority.append(soa.with_ttl(self._zone.negative_ttl_s))

    def _prove(self, proofs: list[RRset]) -> None:
        known = {(rrset.key, rrset.rdtype) for rrset in self._found.authority}
        for rrset in proofs:
            if (rrset.key, rrset.rdtype) not in known:
                self._found.authority.append(self._zone.signed(rrset, self._now_s))

    def _put(self, rrset: RRset, owner: bytes | None = None) -> None:
        if self._dnssec and rrset.rdtype != dns.RRSIG:
            self._zone.signed(rrset, self._now_s)
        if owner is not None:
            rrset = RRset(owner, rrset.rdtype, rrset.ttl_s, rrset.rdatas, rrset.signatures)
        self._found.answer.append(rrset)

    def _add_hosts(self, rrset: RRset) -> None:
        """Addresses, as far as the zone has them, of the hosts that a set names."""
        additional = self._found.additional
        hosts = hosts_of(rrset)
        if not hosts:
            return
        present = {(known.key, known.rdtype) for known in (*self._found.answer, *additional)}
        for key in hosts:
            node = self._zone.nodes.get(key, {})
            for rdtype in (dns.A, dns.AAAA):
                host = node.get(rdtype)
                if host is None or (key, rdtype) in present:
                    continue
                if self._dnssec and self._zone.is_authoritative(key) and key not in self._zone.cuts:
                    self._zone.signed(host, self._now_s)
                additional.append(host)
                present.add((key, rdtype))


def hosts_of(rrset: RRset) -> list[bytes]:
    """The hosts that a set names; of SVCB and HTTPS "." is the owner (RFC 9460, 2.5.2)."""
    start = _TARGET_AT.get(rrset.rdtype)
    if start is None:
        return []
    found = []
    for rdata in rrset.rdatas:
        name = rdata[start : name_end(rdata, start)].lower()
        own = name == b"\0" and rrset.rdtype in (dns.SVCB, dns.HTTPS)
        found.append(rrset.key if own else name)
    return found
