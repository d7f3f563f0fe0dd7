"""A DNS message field by field with offsets: tolerant of every fault, for showing, not for acting.

The strict reader is ``walker``; this one gives what can be read of any octets, and says where and
how they break the rules (RFC 1035, 4.1; RFC 6891, 6.1).
"""

from firstbyte.protocols.dns import constants as dns
from firstbyte.protocols.dns import dissect_options, dissect_rdata
from firstbyte.protocols.dns.field_reader import EndedError, Field, Reader
from firstbyte.protocols.dns.presentation import opcode_text, rcode_text, type_text

_FLAG_BITS = (
    (0x8000, "QR", "response", "query"),
    (0x7800, "Opcode", "", ""),
    (0x0400, "AA", "authoritative", "not authoritative"),
    (0x0200, "TC", "truncated", "whole"),
    (0x0100, "RD", "recursion desired", "recursion not desired"),
    (0x0080, "RA", "recursion available", "recursion not available"),
    (0x0040, "Z", "reserved, must be 0", "reserved"),
    (0x0020, "AD", "authentic data", "not authenticated"),
    (0x0010, "CD", "checking disabled", "checking enabled"),
    (0x000F, "RCODE", "", ""),
)
_IN_QUERIES = {
    "AA": "meaningless in a query",
    "TC": "meaningless in a query",
    "RA": "meaningless in a query",
    "AD": "AD wanted in the answer (RFC 6840, 5.7)",
}
"""What bits that are set mean in a query; those that are not mean nothing."""
_COUNTS = ("questions", "answers", "authority records", "additional records")
_SECTIONS = ("Answer", "Authority", "Additional")


def dissect(data: bytes) -> tuple[Field, ...]:
    """The fields of any octets, in their order; nothing is ever raised."""
    reader = Reader(data)
    try:
        counts = _header(reader)
        for index in range(counts[0]):
            reader.add(0, 0, f"Question {index + 1}" if counts[0] > 1 else "Question")
            reader.name(1, "name")
            reader.number(2, 1, "type", "type")
            reader.number(2, 1, "class", "class")
        for title, count in zip(_SECTIONS, counts[1:], strict=True):
            for index in range(count):
                _record(reader, f"{title} {index + 1} of {count}")
        if reader.at < len(data):
            left = len(data) - reader.at
            reader.add(left, 0, "trailing octets", data[reader.at :][:16].hex(" "), "not counted")
    except EndedError:
        pass
    return tuple(reader.fields)


def _header(reader: Reader) -> list[int]:
    reader.add(0, 0, "Header")
    reader.number(2, 1, "id")
    flags = int.from_bytes(reader.take(2, 1, "flags"), "big")
    reader.add(2, 1, "flags", f"0x{flags:04x}")
    for mask, name, yes, no in _FLAG_BITS:
        value = (flags & mask) // (mask & -mask)
        problem = "must be 0 (RFC 1035, 4.1.1)" if name == "Z" and value else ""
        reader.add(0, 2, name, _bit_text(flags, name, value, (yes, no)), problem, mask)
    reader.at += 2
    return [reader.number(2, 1, label) for label in _COUNTS]


def _bit_text(flags: int, name: str, value: int, words: tuple[str, str]) -> str:
    if name == "Opcode":
        return opcode_text(value)
    if name == "RCODE":
        return rcode_text(value)
    if name in _IN_QUERIES and not flags & dns.QR:
        return _IN_QUERIES[name] if value else "not set"
    return words[0] if value else words[1]


def _record(reader: Reader, title: str) -> None:
    reader.add(0, 0, title)
    heading = len(reader.fields) - 1
    owner = reader.name(1, "name")
    rdtype = reader.number(2, 1, "type", "type")
    if rdtype == dns.OPT:
        rdclass = reader.number(2, 1, "UDP payload size")
        _opt_flags(reader)
    else:
        rdclass = reader.number(2, 1, "class", "class")
        reader.number(4, 1, "TTL")
    length = reader.number(2, 1, "data length")
    found = reader.fields[heading]
    reader.fields[heading] = found._replace(label=f"{title}: {owner} {type_text(rdtype)}")
    reader.take(length, 1, "data")
    end = reader.at + length
    if rdtype == dns.OPT:
        _options(reader, end)
    elif length:
        dissect_rdata.read(reader, rdclass, rdtype, end)
    reader.at = end


def _opt_flags(reader: Reader) -> None:
    """The TTL of an OPT record (RFC 6891, 6.1.3)."""
    reader.number(1, 1, "extended RCODE")
    reader.number(1, 1, "EDNS version")
    flags = int.from_bytes(reader.take(2, 1, "EDNS flags"), "big")
    reader.add(2, 1, "EDNS flags", f"0x{flags:04x}")
    words = "DNSSEC wanted" if flags & 0x8000 else "DNSSEC not wanted"
    reader.add(0, 2, "DO", words, "", 0x8000)
    if flags & 0x4000:
        reader.add(0, 2, "CO", "NXDOMAIN wanted of compact denials", "", 0x4000)
    reader.at += 2


def _options(reader: Reader, end: int) -> None:
    reader.limit, reader.part = end, "record data"
    try:
        dissect_options.read(reader, end)
    except EndedError:
        pass
    finally:
        reader.limit, reader.part = len(reader.data), "message"
