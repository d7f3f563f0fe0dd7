"""What a server's message means for the question: the referee of RFC 1034, 5.3.3, and the scrubber.

Only what the asked zone may speak of survives: records outside its bailiwick, records that answer
nothing, and glue for other zones are dropped here, so that nothing later can believe them.
"""

from collections.abc import Sequence
from enum import Enum
from ipaddress import IPv6Address
from typing import Final

from msgspec import Struct, field

from firstbyte.protocols.dns import constants as dns
from firstbyte.protocols.dns.message import Message, Record, RRset, group
from firstbyte.protocols.dns.names import ROOT, is_under, parent
from firstbyte.resolver.machine.delegations import MAX_NAMES
from firstbyte.resolver.machine.values import Server

MAX_ALIASES = 16
_NOT_PLAIN = frozenset({dns.NS, dns.RRSIG})
"""Types whose answers say more than themselves: of the zone's servers, of other sets."""


class Kind(Enum):
    """ANSWER: data, aliases or the proof that there are none; the rest as named."""

    ANSWER = "answer"
    REFERRAL = "referral"
    LAME = "lame"
    EMPTY = "empty"
    """Neither data nor SOA nor referral, without authority: believed only if nothing better."""
    ERROR = "error"


ANSWER: Final = Kind.ANSWER
REFERRAL: Final = Kind.REFERRAL
"""As in ``values``: what every reply passes."""


class Reply(Struct, gc=False):
    """A scrubbed message. ``links`` is the chain from the question: aliases, then data if any.

    ``end`` is the name at the end of the chain, and ``negative`` tells that the message says that
    there is nothing (of this type) at it.
    """

    kind: Kind
    rcode: int
    authoritative: bool
    links: list[RRset] = field(default_factory=list)
    end: bytes = b"\0"
    recursive: bool = False
    """Its server resolves for others (RA), and does not speak with authority here."""
    complete: bool = False
    negative: bool = False
    soa: RRset | None = None
    proofs: Sequence[RRset] = ()
    authority: Sequence[RRset] = ()
    additional: Sequence[RRset] = ()
    cut: RRset | None = None
    """The NS set of a referral."""
    ds: RRset | None = None
    own: RRset | None = None
    """The asked zone's own NS set, which came along."""
    glue: dict[bytes, tuple[str, ...]] = {}
    server: Server | None = None
    """Who gave it."""


def read(message: Message, zone: bytes, name: bytes, rdtype: int, *, recursive: bool) -> Reply:
    """What ``message`` from a server of ``zone`` says of ``name``; keys are lower case.

    ``recursive`` servers may speak of everything.
    """
    plain = _plain(message, zone, name, rdtype)
    if plain is not None:
        return plain
    rcode = message.rcode
    authoritative = bool(message.flags & dns.AA)
    if rcode not in (dns.NOERROR, dns.NXDOMAIN, dns.YXDOMAIN):
        return Reply(Kind.ERROR, rcode, authoritative)
    bailiwick = b"\0" if recursive else zone
    records = [*message.answer, *message.authority, *message.additional]
    signatures = [record for record in records if record.rdtype == dns.RRSIG]
    answer = _sets(message.answer, bailiwick, signatures)
    reply = Reply(Kind.ANSWER, rcode, authoritative, end=name)
    reply.recursive = bool(message.flags & dns.RA) and not authoritative
    _follow(reply, answer, bailiwick, name, rdtype)
    authority = _sets(message.authority, bailiwick, signatures)
    if rdtype == dns.DS and not reply.links:
        _take_ds(reply, authority, name)
    _take_authority(reply, authority, name)
    reply.kind = _kind(message, reply, zone, authority, name, rdtype, recursive)
    if reply.kind is Kind.REFERRAL:
        _take_referral(reply, message, authority)
    else:
        additional = _sets(message.additional, bailiwick, signatures)
        _take_extra(reply, authority, additional)
        if authoritative and not recursive:
            reply.own = authority.get((zone, dns.NS)) or answer.get((zone, dns.NS))
    if reply.own is not None:
        reply.glue = _glue(message, reply.own, zone)
    return reply


def _plain(message: Message, zone: bytes, name: bytes, rdtype: int) -> Reply | None:
    """What most messages are: with authority, the set that was asked for alone; None: another."""
    if message.authority or message.additional or not message.answer:
        return None
    if not message.flags & dns.AA or message.rcode != dns.NOERROR or rdtype in _NOT_PLAIN:
        return None
    for record in message.answer:
        if record.key != name or record.rdclass != dns.IN:
            return None
    sets = group(message.answer)
    if len(sets) != 1 or sets[0].rdtype != rdtype or not is_under(name, zone):
        return None
    return Reply(ANSWER, dns.NOERROR, True, sets, name, complete=True)


def _sets(
    records: Sequence[Record], bailiwick: bytes, signatures: list[Record]
) -> dict[tuple[bytes, int], RRset]:
    """A section's sets inside the bailiwick, with signatures that may stand in any section."""
    if not records:
        return {}
    kept = [
        record for record in records if record.rdclass == dns.IN and is_under(record.key, bailiwick)
    ]
    found = {(rrset.key, rrset.rdtype): rrset for rrset in group(kept)}
    for record in signatures:
        rrset = found.get((record.key, int.from_bytes(record.rdata[:2], "big")))
        if rrset is not None and record.rdata not in rrset.signatures:
            rrset.signatures = (*rrset.signatures, record.rdata)
    return found


def _follow(
    reply: Reply,
    answer: dict[tuple[bytes, int], RRset],
    bailiwick: bytes,
    name: bytes,
    rdtype: int,
) -> None:
    """Collect the chain that begins at ``name``, as far as the zone may speak of it."""
    plain = answer.get((name, rdtype)) if len(answer) == 1 else None
    if plain is not None:  # nearly every answer: the set that was asked for, alone
        reply.links.append(plain)
        reply.complete = True
        return
    current = name
    seen = {name}
    for _ in range(MAX_ALIASES):
        dname = _dname_above(answer, current)
        found = _data_at(answer, current, rdtype) if dname is None else []
        if found:
            reply.links += found
            reply.complete = True
            break
        alias = answer.get((current, dns.CNAME))
        if dname is not None:
            reply.links.append(dname)
            alias = substitute(dname, current)
        if alias is None:
            break
        if rdtype == dns.CNAME:
            reply.links.append(alias)
            reply.complete = True
            break
        reply.links.append(alias)
        current = alias.rdatas[0].lower()
        if current in seen or not is_under(current, bailiwick):
            break
        seen.add(current)
    reply.end = current


def _data_at(answer: dict[tuple[bytes, int], RRset], name: bytes, rdtype: int) -> list[RRset]:
    if rdtype == dns.ANY:
        return [rrset for (key, _), rrset in answer.items() if key == name]
    rrset = answer.get((name, rdtype))
    return [] if rrset is None else [rrset]


def _dname_above(answer: dict[tuple[bytes, int], RRset], name: bytes) -> RRset | None:
    above = name
    while len(above) > 1:
        above = parent(above)
        rrset = answer.get((above, dns.DNAME))
        if rrset is not None:
            return rrset
    return None


def substitute(dname: RRset, name: bytes) -> RRset | None:
    """The CNAME that a DNAME implies for ``name`` below it (RFC 6672, 2.2 and 3.1).

    None where the new name would be too long.
    """
    target = name[: len(name) - len(dname.key)] + dname.rdatas[0]
    if len(target) > 255:
        return None
    return RRset(name, dns.CNAME, dname.ttl_s, [target])


def _take_ds(reply: Reply, authority: dict[tuple[bytes, int], RRset], name: bytes) -> None:
    """Some servers answer a question for DS with the referral that has it."""
    found = authority.get((name, dns.DS))
    if found is not None and (name, dns.NS) in authority:
        reply.links = [found]
        reply.complete = True


def _take_authority(reply: Reply, authority: dict[tuple[bytes, int], RRset], name: bytes) -> None:
    for (key, rdtype), rrset in authority.items():
        if rdtype == dns.SOA and is_under(reply.end, key):
            reply.soa = rrset
        elif rdtype in (dns.NSEC, dns.NSEC3):
            reply.proofs = (*reply.proofs, rrset)
    if reply.complete:
        return
    if reply.links:
        reply.negative = reply.soa is not None or _denied_at_end(reply, name)
    else:
        reply.negative = True


def _denied_at_end(reply: Reply, name: bytes) -> bool:
    return reply.rcode == dns.NXDOMAIN and reply.end != name and bool(reply.proofs)


def _kind(
    message: Message,
    reply: Reply,
    zone: bytes,
    authority: dict[tuple[bytes, int], RRset],
    name: bytes,
    rdtype: int,
    recursive: bool,
) -> Kind:
    if reply.rcode == dns.YXDOMAIN and all(link.rdtype != dns.DNAME for link in reply.links):
        return Kind.ERROR  # it is DNAME's own error (RFC 6672, 2.2)
    if recursive:
        return Kind.LAME if _refers(reply, authority) else Kind.ANSWER
    echo = reply.recursive
    if reply.links:
        kind = _kind_with_data(reply, zone, rdtype)
        return Kind.LAME if echo and kind is Kind.ANSWER else kind
    if reply.rcode == dns.NXDOMAIN or reply.soa is not None:
        return Kind.LAME if echo else Kind.ANSWER
    cut = _cut(authority, zone, name, rdtype)
    if cut is not None:
        reply.cut = cut
        return Kind.REFERRAL
    if echo or _points_back(message, zone, own=not reply.authoritative):
        return Kind.LAME
    nothing = not (message.answer or message.authority or message.additional)
    return Kind.EMPTY if nothing else Kind.ANSWER


def _refers(reply: Reply, authority: dict[tuple[bytes, int], RRset]) -> bool:
    """Whether a server that was asked to resolve gives a referral instead (RFC 2308, 2.2)."""
    if reply.links or reply.soa is not None or reply.authoritative or reply.rcode != dns.NOERROR:
        return False
    return any(kind == dns.NS for _, kind in authority)


def _kind_with_data(reply: Reply, zone: bytes, rdtype: int) -> Kind:
    """Data are data, but an NS set below the zone without authority is a misplaced referral."""
    first = reply.links[0]
    below = len(first.key) > len(zone)
    if rdtype == dns.NS and first.rdtype == dns.NS and below and not reply.authoritative:
        reply.cut = first
        reply.links = []
        reply.complete = False
        return Kind.REFERRAL
    return Kind.ANSWER


def _points_back(message: Message, zone: bytes, *, own: bool) -> bool:
    """Whether a message refers upwards or, where ``own`` counts too, to the zone itself.

    Such a referral is the mark of a server that does not have the zone.
    """
    return any(
        record.rdtype == dns.NS and is_under(zone, record.key) and (own or record.key != zone)
        for record in message.authority
    )


def _cut(
    authority: dict[tuple[bytes, int], RRset], zone: bytes, name: bytes, rdtype: int
) -> RRset | None:
    """The NS set that leads down towards ``name``; a DS stands above the cut of its own name."""
    cuts = [
        rrset
        for (key, kind), rrset in authority.items()
        if kind == dns.NS and key != zone and is_under(name, key)
    ]
    if rdtype == dns.DS:
        cuts = [rrset for rrset in cuts if rrset.key != name]
    return max(cuts, key=lambda rrset: len(rrset.key), default=None)


def _take_referral(
    reply: Reply,
    message: Message,
    authority: dict[tuple[bytes, int], RRset],
) -> None:
    """The way down, with all glue: what the zone may not give is for the iterator to leave out."""
    if reply.cut is None:
        return
    reply.negative = False
    reply.ds = authority.get((reply.cut.key, dns.DS))
    reply.glue = _glue(message, reply.cut, ROOT)


def _glue(message: Message, servers: RRset, bailiwick: bytes) -> dict[bytes, tuple[str, ...]]:
    """The addresses that came with an NS set; those that the zone may not give are left out."""
    servers.rdatas = servers.rdatas[:MAX_NAMES]
    wanted = {rdata.lower() for rdata in servers.rdatas}
    glue: dict[bytes, list[str]] = {}
    for record in message.additional:
        if record.key in wanted and is_under(record.key, bailiwick) and record.rdclass == dns.IN:
            text = address_text(record.rdtype, record.rdata)
            if text is not None:
                glue.setdefault(record.key, []).append(text)
    return {key: tuple(dict.fromkeys(texts)) for key, texts in glue.items()}


def address_text(rdtype: int, rdata: bytes) -> str | None:
    """The address of an A or AAAA record as text; None for other types."""
    if rdtype == dns.A:
        return f"{rdata[0]}.{rdata[1]}.{rdata[2]}.{rdata[3]}"
    if rdtype == dns.AAAA:
        return str(IPv6Address(rdata))
    return None


def _take_extra(
    reply: Reply,
    authority: dict[tuple[bytes, int], RRset],
    additional: dict[tuple[bytes, int], RRset],
) -> None:
    """The NS set of the name's zone, and the addresses of names in it and in the data."""
    if not reply.complete:
        return
    reply.authority = [
        rrset
        for (key, kind), rrset in authority.items()
        if kind == dns.NS and is_under(reply.end, key)
    ]
    named = {name for rrset in (*reply.links, *reply.authority) for name in _named(rrset)}
    reply.additional = [
        rrset
        for (key, kind), rrset in additional.items()
        if kind in (dns.A, dns.AAAA) and key in named
    ]


def _named(rrset: RRset) -> list[bytes]:
    """The hosts that a set points to, whose addresses its reader will want (RFC 1035, 3.3)."""
    skip = _TARGET_AT.get(rrset.rdtype)
    return [] if skip is None else [rdata[skip:].lower() for rdata in rrset.rdatas]


_TARGET_AT = {dns.NS: 0, dns.MX: 2, dns.SRV: 6}
"""Where in its data a record names a host, by type (RFC 1035, 3.3.9 and 3.3.11; RFC 2782)."""
