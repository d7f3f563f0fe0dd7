"""The wire: queries made and replies read with dnspython, whose errors end here.

Nothing imports this module before a question is really asked: dnspython costs start-up time.
"""

from collections.abc import Iterable
from typing import Any

import dns.edns
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset
from msgspec import Struct

from firstbyte.events.dns import Record
from firstbyte.resolver.base import HttpsRecord
from firstbyte.resolver.https_record import read_service

EDNS_PAYLOAD_BYTES = 1232
"""What fits every path without fragments (RFC 9715, 3.1; DNS flag day 2020)."""
MAX_CHAIN = 16
"""CNAMEs that are followed in one answer."""
_HEADER_BYTES = 12


class Query(Struct, frozen=True):
    """One question, ready to be sent."""

    id: int
    name: str
    type: str
    edns: bool
    wire: bytes


class Stray(Struct, frozen=True):
    """Bytes that answer nothing that we asked; the wait goes on."""

    reason: str


class Broken(Struct, frozen=True):
    """The answer to our question, but it cannot be understood."""

    reason: str


class Reply(Struct, frozen=True, kw_only=True):
    """A server's answer, read.

    ``kind`` is answer, referral, nodata, nxdomain or error. ``addresses`` and ``services`` come
    from the end of the CNAME chain, whose name is ``canonical_name``; ``alias`` is the target of
    an HTTPS record in AliasMode. ``ttl_s`` is the least of the chain's, or the negative TTL
    (RFC 2308, 5); null when the reply carries none.
    """

    rcode: str
    kind: str
    flags: tuple[str, ...]
    answers: tuple[Record, ...]
    authorities: tuple[Record, ...]
    additionals: tuple[Record, ...]
    bytes: int
    canonical_name: str
    addresses: tuple[str, ...] = ()
    services: tuple[HttpsRecord, ...] = ()
    alias: str | None = None
    ttl_s: int | None = None
    extended_error: str | None = None

    @property
    def truncated(self) -> bool:
        """Whether TC is set: the rest must be fetched over TCP."""
        return "tc" in self.flags


def make_query(
    name: str,
    type_: str,
    *,
    id_: int,
    edns: bool = True,
    authentic: bool = False,
    pad_bytes: int = 0,
) -> Query:
    """A recursive query for ``name`` (A-labels) of class IN.

    Args:
        name: without or with trailing dot; its labels are taken as they are.
        type_: the record type's mnemonic.
        id_: 16 random bits.
        edns: add an OPT record (RFC 6891).
        authentic: set AD, to ask for the validator's verdict (RFC 6840, 5.7).
        pad_bytes: with EDNS, make the size a multiple of this (RFC 7830); 0: do not.

    """
    flags = dns.flags.RD | (dns.flags.AD if authentic else 0)
    message = dns.message.make_query(
        _to_name(name),
        type_,
        use_edns=0 if edns else False,
        payload=EDNS_PAYLOAD_BYTES if edns else None,
        id=id_,
        flags=flags,
        pad=pad_bytes if edns else 0,
    )
    return Query(id_, name, type_, edns, message.to_wire())


def read_reply(query: Query, wire: bytes) -> Reply | Stray | Broken:
    """Read ``wire`` as the answer to ``query``; never raises on any bytes."""
    if reason := _header_fault(query, wire):
        return Stray(reason)
    try:
        # Whatever dnspython raises on hostile bytes, its own errors or Python's, ends here.
        message = dns.message.from_wire(wire, ignore_trailing=True, question_only=True)
        if reason := _question_fault(query, message):
            return Stray(reason)
    except Exception as error:
        return Stray(f"cannot be decoded: {_describe(error)}")
    try:
        return _read(query, dns.message.from_wire(wire, ignore_trailing=True), len(wire))
    except Exception as error:
        return Broken(_describe(error))


def _header_fault(query: Query, wire: bytes) -> str | None:
    if len(wire) < _HEADER_BYTES:
        return f"shorter than a DNS header ({_HEADER_BYTES} bytes)"
    if int.from_bytes(wire[:2], "big") != query.id:
        return "wrong query id"
    if not wire[2] & 0x80:
        return "a query, not a response"
    if wire[2] & 0x78:
        return "another opcode than QUERY"
    return None


def _question_fault(query: Query, message: dns.message.Message) -> str | None:
    if not message.question:
        # A server that could not read our question need not repeat it (RFC 1035, 4.1.1).
        return None if message.rcode() != dns.rcode.NOERROR else "no question section"
    asked = message.question[0]
    matches = (
        len(message.question) == 1
        and asked.name == _to_name(query.name)
        and asked.rdtype == dns.rdatatype.from_text(query.type)
        and asked.rdclass == dns.rdataclass.IN
    )
    return None if matches else "another question than ours"


def _read(query: Query, message: dns.message.Message, size: int) -> Reply:
    type_ = dns.rdatatype.from_text(query.type)
    name, ttl_s, found = _follow(message.answer, _to_name(query.name), type_)
    flags = tuple(dns.flags.to_text(message.flags).lower().split())
    reply: dict[str, Any] = {
        "rcode": dns.rcode.to_text(message.rcode()),
        "kind": _kind(message, found),
        "flags": flags,
        "answers": _records(message.answer),
        "authorities": _records(message.authority),
        "additionals": _records(message.additional),
        "bytes": size,
        "canonical_name": _text(name),
        "ttl_s": _negative_ttl(message.authority) if found is None else ttl_s,
        "extended_error": _extended_error(message),
    }
    if found is not None:
        reply |= _content(found, _text(name), type_, ttl_s)
    return Reply(**reply)


def _content(
    found: dns.rrset.RRset, owner: str, type_: dns.rdatatype.RdataType, ttl_s: int
) -> dict[str, Any]:
    """The part of a ``Reply`` that the records at the end of the chain give."""
    if type_ != dns.rdatatype.HTTPS:
        return {"addresses": tuple(rdata.to_text() for rdata in found)}
    # With an AliasMode record in the set, the others are ignored (RFC 9460, 2.4.1).
    for rdata in found:
        if rdata.priority == 0:
            alias = _text(rdata.target)
            return {"alias": None if alias == "." else alias}
    services = filter(None, (read_service(rdata, owner, ttl_s) for rdata in found))
    return {"services": tuple(sorted(services, key=lambda record: record.priority))}


def _follow(
    answer: list[dns.rrset.RRset], name: dns.name.Name, type_: dns.rdatatype.RdataType
) -> tuple[dns.name.Name, int, dns.rrset.RRset | None]:
    """The end of the CNAME chain from ``name``, the least TTL on it, and its records if any."""
    by_key = {(rrset.name, rrset.rdtype): rrset for rrset in answer}
    ttl_s = 2**31 - 1
    for _ in range(MAX_CHAIN + 1):
        if (found := by_key.get((name, type_))) is not None:
            return name, min(ttl_s, found.ttl), found
        alias = by_key.get((name, dns.rdatatype.CNAME))
        if alias is None:
            return name, ttl_s, None
        ttl_s = min(ttl_s, alias.ttl)
        name = alias[0].target
    raise ValueError(f"the CNAME chain loops, or is longer than {MAX_CHAIN}")


def _kind(message: dns.message.Message, found: dns.rrset.RRset | None) -> str:
    rcode = message.rcode()
    if rcode == dns.rcode.NXDOMAIN:
        return "nxdomain"
    if rcode != dns.rcode.NOERROR:
        return "error"
    if found is not None:
        return "answer"
    types = {rrset.rdtype for rrset in message.authority}
    lame = not message.flags & (dns.flags.AA | dns.flags.RA) and not message.answer
    # RFC 2308, 2.2: NS without SOA in an empty answer sends us on to another server.
    if lame and dns.rdatatype.NS in types and dns.rdatatype.SOA not in types:
        return "referral"
    return "nodata"


def _negative_ttl(authority: Iterable[dns.rrset.RRset]) -> int | None:
    for rrset in authority:
        if rrset.rdtype == dns.rdatatype.SOA:
            return min(rrset.ttl, int(rrset[0].minimum))
    return None


def _extended_error(message: dns.message.Message) -> str | None:
    """RFC 8914, as "22 (No Reachable Authority): text"."""
    texts = [
        option.to_text().removeprefix("EDE ")
        for option in message.options
        if option.otype == dns.edns.OptionType.EDE
    ]
    return "; ".join(texts) or None


def _records(section: Iterable[dns.rrset.RRset]) -> tuple[Record, ...]:
    return tuple(
        Record(_text(rrset.name), rrset.ttl, dns.rdatatype.to_text(rrset.rdtype), rdata.to_text())
        for rrset in section
        for rdata in rrset
    )


def _to_name(name: str) -> dns.name.Name:
    """By labels: a backslash in a name is no escape here."""
    labels = name.removesuffix(".").split(".") if name.removesuffix(".") else []
    return dns.name.Name([*(label.encode("ascii") for label in labels), b""])


def _text(name: dns.name.Name) -> str:
    return name.to_text(omit_final_dot=True).lower()


def _describe(error: Exception) -> str:
    return str(error) or type(error).__name__
