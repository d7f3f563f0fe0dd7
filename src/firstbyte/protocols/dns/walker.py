"""Bytes to a message, fast and bounded: what comes from outside is read here and nowhere else."""

import struct
from functools import lru_cache

from firstbyte.errors import DecodeError
from firstbyte.protocols.dns import rdata as layouts
from firstbyte.protocols.dns.constants import OPT, RRSIG
from firstbyte.protocols.dns.message import Edns, Message, Record
from firstbyte.protocols.dns.names import MAX_NAME_BYTES, ROOT

MAX_RECORDS = 4096
"""A 64 KiB message of the smallest records holds 5,900; no honest one comes near this."""
MAX_POINTERS = 127
"""A name has at most 127 labels, so no honest name follows more pointers than that."""
MAX_TTL_S = 0x7FFFFFFF
MIN_RRSIG_BYTES = 19
MAX_KEPT_OPT_BYTES = 75
"""Most OPT records are one of a few short ones: so long they may be to be kept understood."""

_HEADER = struct.Struct("!6H")
_FIXED = struct.Struct("!HHIH")
_TYPE_AND_CLASS = struct.Struct("!HH")
_OPT_HEAD = b"\0" + OPT.to_bytes(2, "big")
_Memo = dict[int, tuple[bytes, int]]
_CHECKED = frozenset({*layouts.FIXED_BYTES, RRSIG})


def decode(data: bytes, question: bytes = b"") -> Message:
    """The message that ``data`` holds, its records' names decompressed (RFC 1035, 4).

    Octets after the last record are ignored, and so is a record whose data have a length that its
    type cannot have: one broken address does not take a whole answer with it. A question section
    of more than one question keeps the first alone, and ``question_count`` tells. Where the section
    is the well-formed ``question`` that the message should answer, it is not read anew.

    Raises:
        DecodeError: the bytes break a rule; nothing else is ever raised.

    """
    size = len(data)
    if size < 12:
        raise DecodeError(0, "header", "12 octets", f"{size}", "RFC 1035, 4.1.1")
    ident, flags, questions, answers, authorities, additionals = _HEADER.unpack_from(data)
    if answers + authorities + additionals > MAX_RECORDS:
        raise DecodeError(6, "counts", f"at most {MAX_RECORDS} records", "more", "RFC 1035, 4.1.1")
    memo: _Memo = {}
    message = Message(ident, flags, None, 0, 0, (), (), (), None, questions, size)
    if question and questions == 1 and data.startswith(question, 12):
        message.qname = name = question[:-4]
        message.qtype, message.qclass = _TYPE_AND_CLASS.unpack_from(question, len(name))
        memo[12] = (name, 12 + len(name))
        at = 12 + len(question)
    else:
        at = _questions(data, message, memo)
    if answers:
        message.answer, at = _records(data, at, answers, memo)
    if authorities:
        message.authority, at = _records(data, at, authorities, memo)
    if additionals == 1 and size - at <= MAX_KEPT_OPT_BYTES and data.startswith(_OPT_HEAD, at):
        message.edns = _opt_at_end(data[at:])
    if additionals and message.edns is None:
        found, _ = _records(data, at, additionals, memo)
        message.edns = _take_edns(found)
        message.additional = found or ()
    return message


@lru_cache(maxsize=1024)
def _opt_at_end(data: bytes) -> Edns | None:
    """The OPT record that ``data`` begins with; None: it is broken. It names nothing before it."""
    try:
        (opt,), _ = _records(data, 0, 1, {})
        return _edns(opt)
    except DecodeError:
        return None


def _questions(data: bytes, message: Message, memo: _Memo) -> int:
    at = 12
    for index in range(message.question_count):
        start = at
        name, at = memo[start] = _read_name(data, start, memo)
        if at + 4 > len(data):
            raise _short(data, at, "question")
        if index == 0:
            message.qname = name
            message.qtype, message.qclass = _TYPE_AND_CLASS.unpack_from(data, at)
        at += 4
    return at


def read_name(data: bytes, at: int, memo: _Memo) -> tuple[bytes, int]:
    """The name at ``at`` and where it ends; ``memo`` keeps names of this message by offset.

    Raises:
        DecodeError: a loop, a forward pointer, a too long name or the end of the data.

    """
    known = memo.get(at)
    if known is not None:
        return known
    name, end = _read_name(data, at, memo)
    memo[at] = (name, end)
    return name, end


def _read_name(data: bytes, at: int, memo: _Memo) -> tuple[bytes, int]:
    start = at
    try:
        length = data[at]
        while 0 < length < 64:
            at += length + 1
            length = data[at]
        if length == 0:
            at += 1
            name = data[start:at]
        elif length >= 0xC0:
            target = (length & 0x3F) << 8 | data[at + 1]
            if target >= start:
                raise _bad_name(at, "a pointer backwards (4.1.4)", f"a pointer to {target}")
            name = data[start:at] + _pointed(data, target, memo)
            at += 2
        else:
            raise _bad_name(at, "a label of at most 63 octets", f"length octet {length}")
    except IndexError:
        raise _short(data, at, "name") from None
    if len(name) > MAX_NAME_BYTES:
        raise _bad_name(start, "at most 255 octets", f"{len(name)}")
    return name, at


def _pointed(data: bytes, at: int, memo: _Memo) -> bytes:
    """The name behind a pointer; each further pointer leads further back, and they are counted."""
    start = at
    pieces = b""
    hops = 0
    limit = at + 1
    while True:
        known = memo.get(at)
        if known is not None:
            pieces += known[0]
            break
        length = data[at]
        if length == 0:
            pieces += b"\0"
            break
        if length >= 0xC0:
            at = (length & 0x3F) << 8 | data[at + 1]
            hops += 1
            if at >= limit or hops > MAX_POINTERS:
                raise _bad_name(start, "pointers that lead backwards", "a loop")
            limit = at + 1
            continue
        if length > 63 or at + length >= len(data) or len(pieces) > MAX_NAME_BYTES:
            raise _bad_name(at, "a label of at most 63 octets", f"length octet {length}")
        pieces += data[at : at + length + 1]
        at += length + 1
    memo[start] = (pieces, 0)
    return pieces


def _records(data: bytes, at: int, count: int, memo: _Memo) -> tuple[list[Record], int]:
    found = []
    size = len(data)
    for _ in range(count):
        known = None
        if at + 1 < size and data[at] >= 0xC0:  # most owners are one pointer
            known = memo.get((data[at] & 0x3F) << 8 | data[at + 1])
        if known is not None:
            name = known[0]
            at += 2
        else:
            name, at = read_name(data, at, memo)
        if at + 10 > size:
            raise _short(data, at, "record")
        rdtype, rdclass, ttl, length = _FIXED.unpack_from(data, at)
        at += 10
        end = at + length
        if end > size:
            raise _short(data, at, "rdata")
        layout = layouts.READABLE.get(rdtype)
        if layout is None:
            content = data[at:end]
            if rdtype in _CHECKED and not _fits(rdtype, content):
                at = end
                continue
        else:
            content = _decompressed(data, at, end, layout, memo)
        if ttl > MAX_TTL_S and rdtype != OPT:
            ttl = 0  # RFC 2181, 8
        found.append(Record(name.lower(), rdtype, rdclass, ttl, content))
        at = end
    return found, at


def _fits(rdtype: int, content: bytes) -> bool:
    """Whether data are as long as their type's must be (RFC 1035, 3.4.1; RFC 4034, 3.1)."""
    fixed = layouts.FIXED_BYTES.get(rdtype)
    return len(content) >= MIN_RRSIG_BYTES if fixed is None else len(content) == fixed


def _decompressed(data: bytes, at: int, end: int, layout: tuple[int, ...], memo: _Memo) -> bytes:
    out = b""
    for step in layout:
        if step == layouts.NAME:
            name, at = _read_name(data, at, memo)
            out += name
        else:
            after = layouts.step_end(data[:end], at, step)
            out += data[at:after]
            at = after
        if at > end:
            raise _short(data, at, "rdata")
    return out + data[at:end]


def _take_edns(additional: list[Record]) -> Edns | None:
    """The OPT record, which is taken out of the additional section; more than one is an error."""
    places = [at for at, record in enumerate(additional) if record.rdtype == OPT]
    if not places:
        return None
    if len(places) > 1:
        raise DecodeError(0, "OPT", "at most one", f"{len(places)}", "RFC 6891, 6.1.1")
    opt = additional.pop(places[0])
    if opt.key != ROOT:
        raise DecodeError(0, "OPT", "the root as its name", f"{opt.key!r}", "RFC 6891, 6.1.2")
    return _edns(opt)


def _edns(opt: Record) -> Edns:
    """An OPT record's fields; the TTL's octets hold three of them (RFC 6891, 6.1.3)."""
    flags = opt.ttl_s
    return Edns(
        payload_bytes=opt.rdclass,
        extended_rcode=flags >> 24,
        version=flags >> 16 & 0xFF,
        dnssec_ok=bool(flags & 0x8000),
        options=_options(opt.rdata),
        compact_ok=bool(flags & 0x4000),
    )


def _options(rdata: bytes) -> tuple[tuple[int, bytes], ...]:
    options = []
    at = 0
    while at < len(rdata):
        if at + 4 > len(rdata):
            raise DecodeError(at, "EDNS option", "4 octets", "fewer", "RFC 6891, 6.1.2")
        code, length = struct.unpack_from("!HH", rdata, at)
        if at + 4 + length > len(rdata):
            raise DecodeError(at, "EDNS option", f"{length} octets", "fewer", "RFC 6891, 6.1.2")
        options.append((code, rdata[at + 4 : at + 4 + length]))
        at += 4 + length
    return tuple(options)


def _short(data: bytes, at: int, field: str) -> DecodeError:
    return DecodeError(at, field, "more octets", f"the end at {len(data)}", "RFC 1035, 4.1")


def _bad_name(at: int, expected: str, found: str) -> DecodeError:
    return DecodeError(at, "name", expected, found, "RFC 1035, 4.1.4")
