"""Messages to bytes, with name compression and truncation (RFC 1035, 4.1.4; RFC 2181, 9)."""

import struct
from collections.abc import Iterable
from functools import lru_cache

from msgspec import Struct, field

from firstbyte.protocols.dns import rdata as layouts
from firstbyte.protocols.dns.constants import CHAOS, IN, OPT, RRSIG, TC
from firstbyte.protocols.dns.message import Edns, RRset

MAX_POINTER_TARGET = 0x3FFF
_HEADER = struct.Struct("!6H")
_FIXED = struct.Struct("!HHIH")
_POINTER = struct.Struct("!H")
_TYPE_AND_CLASS = struct.Struct("!HH")
_AT_QUESTION = struct.Struct("!HHHIH")
_TO_QUESTION = 0xC00C
"""A pointer to the name of the question, which follows the header."""
_TTL_AT = 12 + 6
"""From the end of what follows the header to the TTL of a record that begins with a pointer."""


class Parts(Struct, gc=False):
    """What a message is to hold. Signatures of a set follow it when ``signatures`` is set."""

    id: int
    flags: int
    qname: bytes | None
    qtype: int = 0
    qclass: int = 1
    answer: list[RRset] = field(default_factory=list)
    authority: list[RRset] = field(default_factory=list)
    additional: list[RRset] = field(default_factory=list)
    edns: Edns | None = None
    signatures: bool = False


class Rendered(Struct, frozen=True, gc=False):
    """A message as bytes, and where its TTLs stand."""

    data: bytes
    ttl_offsets: tuple[int, ...]


class _Writer:
    def __init__(self, rdclass: int = IN) -> None:
        self.out = bytearray(12)
        self.names: dict[bytes, int] = {}
        self.ttls: list[int] = []
        self.rdclass = rdclass

    def name(self, name: bytes) -> None:
        """``name``, its longest known suffix as a pointer."""
        names, start = self.names, len(self.out)
        key = suffix = name.lower()
        at = 0
        while len(suffix) > 1:
            known = names.get(suffix)
            if known is not None:
                self.out += name[:at] + _POINTER.pack(0xC000 | known)
                return
            if start + at <= MAX_POINTER_TARGET:
                names[suffix] = start + at
            at += key[at] + 1
            suffix = key[at:]
        self.out += name

    def rdata(self, layout: tuple[int, ...], rdata: bytes) -> None:
        at = 0
        for step in layout:
            end = layouts.step_end(rdata, at, step)
            if step == layouts.NAME:
                self.name(rdata[at:end])
            else:
                self.out += rdata[at:end]
            at = end
        self.out += rdata[at:]

    def record(self, key: bytes, rdtype: int, ttl_s: int, rdata: bytes) -> None:
        self.name(key)
        out = self.out
        self.ttls.append(len(out) + 4)
        layout = layouts.COMPRESSIBLE.get(rdtype)
        if layout is None:
            out += _FIXED.pack(rdtype, self.rdclass, ttl_s, len(rdata)) + rdata
            return
        out += _FIXED.pack(rdtype, self.rdclass, ttl_s, 0)
        start = len(out)
        self.rdata(layout, rdata)
        length = len(out) - start
        out[start - 2] = length >> 8
        out[start - 1] = length & 0xFF

    def rrset(self, rrset: RRset, signatures: bool) -> int:
        for rdata in rrset.rdatas:
            self.record(rrset.key, rrset.rdtype, rrset.ttl_s, rdata)
        if not signatures:
            return len(rrset.rdatas)
        for rdata in rrset.signatures:
            self.record(rrset.key, RRSIG, rrset.ttl_s, rdata)
        return len(rrset.rdatas) + len(rrset.signatures)

    def undo(self, size: int, ttls: int) -> None:
        del self.out[size:]
        del self.ttls[ttls:]
        self.names = {key: at for key, at in self.names.items() if at < size}


def render(parts: Parts, max_bytes: int = 65535) -> Rendered:
    """The message of ``parts`` in at most ``max_bytes`` octets.

    Where the answer or authority section does not fit, whole sets are left out and TC is set;
    additional records are left out silently (RFC 2181, 9).
    """
    opt = b"" if parts.edns is None else opt_record(parts.edns)
    if len(parts.answer) == 1 and not (parts.authority or parts.additional):
        plain = _plain(parts, parts.answer[0], opt, max_bytes)
        if plain is not None:
            return plain
    writer = _Writer(CHAOS if parts.qclass == CHAOS else IN)
    if parts.qname is not None:
        writer.name(parts.qname)
        writer.out += _TYPE_AND_CLASS.pack(parts.qtype, parts.qclass)
    room = max_bytes - len(opt)
    answers, whole = _section(writer, parts.answer, parts.signatures, room)
    authorities = additionals = 0
    if whole and parts.authority:
        authorities, whole = _section(writer, parts.authority, parts.signatures, room)
    if whole and parts.additional:
        additionals, _ = _section(writer, parts.additional, parts.signatures, room)
    writer.out += opt
    flags = parts.flags if whole else parts.flags | TC
    counts = (answers, authorities, additionals + bool(opt))
    _HEADER.pack_into(writer.out, 0, parts.id, flags, parts.qname is not None, *counts)
    return Rendered(bytes(writer.out), tuple(writer.ttls))


def _plain(parts: Parts, rrset: RRset, opt: bytes, max_bytes: int) -> Rendered | None:
    """What nearly every answer is, without a search for names: one set of the name asked for.

    None where it is something else, or does not fit.
    """
    qname = parts.qname
    if qname is None or len(qname) == 1 or rrset.key != qname.lower() or parts.qclass != IN:
        return None
    rdtype, ttl_s = rrset.rdtype, rrset.ttl_s
    if rdtype in layouts.COMPRESSIBLE:
        return None
    out = qname + _TYPE_AND_CLASS.pack(parts.qtype, IN)
    ttls = []
    for rdata in rrset.rdatas:
        ttls.append(_TTL_AT + len(out))
        out += _AT_QUESTION.pack(_TO_QUESTION, rdtype, IN, ttl_s, len(rdata)) + rdata
    if parts.signatures:
        for rdata in rrset.signatures:
            ttls.append(_TTL_AT + len(out))
            out += _AT_QUESTION.pack(_TO_QUESTION, RRSIG, IN, ttl_s, len(rdata)) + rdata
    out += opt
    if 12 + len(out) > max_bytes:
        return None
    header = _HEADER.pack(parts.id, parts.flags, 1, len(ttls), 0, 1 if opt else 0)
    return Rendered(header + out, tuple(ttls))


def _section(
    writer: _Writer, rrsets: Iterable[RRset], signatures: bool, room: int
) -> tuple[int, bool]:
    count = 0
    for rrset in rrsets:
        size, ttls = len(writer.out), len(writer.ttls)
        added = writer.rrset(rrset, signatures)
        if len(writer.out) > room:
            writer.undo(size, ttls)
            return count, False
        count += added
    return count, True


@lru_cache(maxsize=1024)
def opt_record(edns: Edns) -> bytes:
    """The OPT pseudo-record (RFC 6891, 6.1.2)."""
    options = b"".join(struct.pack("!HH", code, len(value)) + value for code, value in edns.options)
    ttl = edns.extended_rcode << 24 | edns.version << 16 | (0x8000 if edns.dnssec_ok else 0)
    return b"\0" + _FIXED.pack(OPT, edns.payload_bytes, ttl, len(options)) + options


def query(
    ident: int, flags: int, qname: bytes, qtype: int, edns: Edns | None, qclass: int = 1
) -> bytes:
    """A message with a question alone: what a resolver asks."""
    opt = b"" if edns is None else opt_record(edns)
    header = _HEADER.pack(ident, flags, 1, 0, 0, 1 if opt else 0)
    return header + qname + struct.pack("!HH", qtype, qclass) + opt
