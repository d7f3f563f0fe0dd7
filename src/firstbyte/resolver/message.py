"""The wire: queries made and replies read, so far as a stub resolver must understand them."""

from collections.abc import Iterable
from typing import Any

from msgspec import Struct

from firstbyte.errors import DecodeError
from firstbyte.events.dns import Record
from firstbyte.protocols.dns import constants as dns
from firstbyte.protocols.dns import ede, names, walker, writer
from firstbyte.protocols.dns.message import Edns, Message, RRset, group
from firstbyte.protocols.dns.message import Record as WireRecord
from firstbyte.protocols.dns.presentation import plain_text, rcode_text, type_number, type_text
from firstbyte.resolver.base import HttpsRecord
from firstbyte.resolver.https_record import read_set, shown_name

EDNS_PAYLOAD_BYTES = 1232
"""What fits every path without fragments (RFC 9715, 3.1; DNS flag day 2020)."""
MAX_CHAIN = 16
"""CNAMEs that are followed in one answer."""
_HEADER_BYTES = 12
_PADDING = 12
"""The option of RFC 7830."""
_OPTION_HEAD_BYTES = 4


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
    flags = dns.RD | (dns.AD if authentic else 0)
    qtype = type_number(type_)
    if qtype is None:
        raise ValueError(f"{type_!r} is no record type")
    wire = writer.query(
        id_, flags, _to_name(name), qtype, Edns(EDNS_PAYLOAD_BYTES) if edns else None
    )
    if edns and pad_bytes:
        padding = bytes(-(len(wire) + _OPTION_HEAD_BYTES) % pad_bytes)
        opt = Edns(EDNS_PAYLOAD_BYTES, options=((_PADDING, padding),))
        wire = writer.query(id_, flags, _to_name(name), qtype, opt)
    return Query(id_, name, type_, edns, wire)


def read_reply(query: Query, wire: bytes) -> Reply | Stray | Broken:
    """Read ``wire`` as the answer to ``query``; never raises on any bytes."""
    if reason := _header_fault(query, wire):
        return Stray(reason)
    try:
        if reason := _question_fault(query, wire):
            return Stray(reason)
    except DecodeError as error:
        return Stray(f"cannot be decoded: {error}")
    try:
        return _read(query, walker.decode(wire))
    except (DecodeError, _EndlessError) as error:
        return Broken(str(error))


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


def _question_fault(query: Query, wire: bytes) -> str | None:
    count = int.from_bytes(wire[4:6], "big")
    if not count:
        # A server that could not read our question need not repeat it (RFC 1035, 4.1.1).
        return None if wire[3] & 15 else "no question section"
    name, end = walker.read_name(wire, _HEADER_BYTES, {})
    # Queries are not compressed: after the name stand type and class (4.1.2).
    asked = query.wire[_HEADER_BYTES + len(name) :][:4]
    same = name.lower() == _to_name(query.name).lower() and wire[end : end + 4] == asked
    return None if count == 1 and same else "another question than ours"


def _read(query: Query, message: Message) -> Reply:
    qtype = type_number(query.type) or 0
    sets = group([record for record in message.answer if record.rdclass == dns.IN])
    name, ttl_s, found = _follow(sets, _to_name(query.name).lower(), qtype)
    reply: dict[str, Any] = {
        "rcode": rcode_text(message.rcode),
        "kind": _kind(message, found),
        "flags": dns.flag_words(message.flags),
        "answers": _records(message.answer),
        "authorities": _records(message.authority),
        "additionals": _records(message.additional),
        "bytes": message.size_bytes,
        "canonical_name": shown_name(name),
        "ttl_s": _negative_ttl(message.authority) if found is None else ttl_s,
        "extended_error": _extended_error(message),
    }
    if found is not None:
        reply |= _content(found, shown_name(name), ttl_s)
    return Reply(**reply)


def _content(found: RRset, owner: str, ttl_s: int) -> dict[str, Any]:
    """The part of a ``Reply`` that the records at the end of the chain give.

    Raises:
        DecodeError: a record is malformed, so that the whole set must be ignored (RFC 9460, 2.2).

    """
    if found.rdtype != dns.HTTPS:
        return {"addresses": tuple(plain_text(found.rdtype, data) for data in found.rdatas)}
    alias, services = read_set(found.rdatas, owner, ttl_s)
    return {"alias": alias, "services": services}


class _EndlessError(Exception):
    """A chain of aliases without an end."""


def _follow(sets: list[RRset], name: bytes, qtype: int) -> tuple[bytes, int, RRset | None]:
    """The end of the CNAME chain from ``name``, the least TTL on it, and its records if any."""
    by_key = {(rrset.key, rrset.rdtype): rrset for rrset in sets}
    ttl_s = 2**31 - 1
    for _ in range(MAX_CHAIN + 1):
        if (found := by_key.get((name, qtype))) is not None:
            return name, min(ttl_s, found.ttl_s), found
        alias = by_key.get((name, dns.CNAME))
        if alias is None:
            return name, ttl_s, None
        ttl_s = min(ttl_s, alias.ttl_s)
        name = alias.rdatas[0].lower()
    raise _EndlessError(f"the CNAME chain loops, or is longer than {MAX_CHAIN}")


def _kind(message: Message, found: RRset | None) -> str:
    if message.rcode == dns.NXDOMAIN:
        return "nxdomain"
    if message.rcode != dns.NOERROR:
        return "error"
    if found is not None:
        return "answer"
    types = {record.rdtype for record in message.authority}
    lame = not message.flags & (dns.AA | dns.RA) and not message.answer
    # RFC 2308, 2.2: NS without SOA in an empty answer sends us on to another server.
    if lame and dns.NS in types and dns.SOA not in types:
        return "referral"
    return "nodata"


def _negative_ttl(authority: Iterable[WireRecord]) -> int | None:
    for record in authority:
        if record.rdtype == dns.SOA:
            return min(record.ttl_s, int.from_bytes(record.rdata[-4:], "big"))
    return None


def _extended_error(message: Message) -> str | None:
    """RFC 8914, as "22 (No Reachable Authority): text"."""
    texts = []
    for code, text in ede.errors(message.edns):
        meaning = f" ({ede.NAMES[code]})" if code in ede.NAMES else ""
        shown = "".join(one if one.isprintable() else f"\\{ord(one):03}" for one in text)
        texts.append(f"{code}{meaning}" + (f": {shown}" if shown else ""))
    return "; ".join(texts) or None


def _records(section: Iterable[WireRecord]) -> tuple[Record, ...]:
    return tuple(
        Record(
            shown_name(record.key),
            record.ttl_s,
            type_text(record.rdtype),
            plain_text(record.rdtype, record.rdata),
        )
        for record in section
    )


def _to_name(name: str) -> bytes:
    """A backslash in a name is no escape here."""
    return names.from_text(name.replace("\\", "\\\\"))
