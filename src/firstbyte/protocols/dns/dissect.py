"""A DNS message field by field with offsets: tolerant of every fault, for showing, not for acting.

The strict reader is ``walker``; this one gives what can be read of any octets, and says where and
how they break the rules (RFC 1035, 4.1; RFC 6891, 6.1).
"""

from ipaddress import IPv4Address, IPv6Address
from typing import NamedTuple

from firstbyte.errors import DecodeError
from firstbyte.protocols.dns import constants as dns
from firstbyte.protocols.dns import ede, walker
from firstbyte.protocols.dns import rdata as layouts
from firstbyte.protocols.dns.names import to_text
from firstbyte.protocols.dns.presentation import (
    class_text,
    data_text,
    opcode_text,
    rcode_text,
    type_text,
)

MAX_FIELDS = 20_000
MAX_POINTERS = 127
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
_COUNTS = ("questions", "answers", "authority records", "additional records")
_SECTIONS = ("Answer", "Authority", "Additional")
_OPTIONS = {
    1: "LLQ",
    2: "Update Lease",
    3: "NSID",
    5: "DAU",
    6: "DHU",
    7: "N3U",
    8: "Client Subnet",
    9: "EXPIRE",
    10: "COOKIE",
    11: "TCP Keepalive",
    12: "Padding",
    13: "CHAIN",
    14: "Key Tag",
    15: "Extended DNS Error",
    18: "Report Channel",
    19: "ZONEVERSION",
}
_SOA_NUMBERS = ("serial", "refresh", "retry", "expire", "minimum")
_NUMBERS_BEFORE = {15: ("preference",), 33: ("priority", "weight", "port")}


class Field(NamedTuple):
    """Octets from ``at``, ``size`` of them; 0 for headings and single bits. ``depth`` indents."""

    at: int
    size: int
    depth: int
    label: str
    value: str = ""
    problem: str = ""
    """The rule that is broken here, if one is."""
    mask: int = 0
    """For bits: which of the 16 bits at ``at``."""


class _Ended(Exception):
    """The octets end before the message does."""


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0
        self.fields: list[Field] = []

    def add(
        self, size: int, depth: int, label: str, value: str = "", problem: str = "", mask: int = 0
    ) -> None:
        if len(self.fields) >= MAX_FIELDS:
            raise _Ended
        self.fields.append(Field(self.at, size, depth, label, value, problem, mask))

    def take(self, size: int, depth: int, label: str) -> bytes:
        """The next octets, which the caller describes; raises where they are not there."""
        piece = self.data[self.at : self.at + size]
        if len(piece) < size:
            left = len(self.data) - self.at
            problem = f"the message ends: {size} octets wanted, {left} there (RFC 1035, 4.1)"
            self.add(left, depth, label, "", problem)
            self.at = len(self.data)
            raise _Ended
        return piece

    def number(self, size: int, depth: int, label: str, show: str = "") -> int:
        """An unsigned number; ``show`` may name a registry: "type" or "class"."""
        value = int.from_bytes(self.take(size, depth, label), "big")
        text = str(value)
        if show == "type":
            text = f"{type_text(value)} ({value})"
        elif show == "class":
            text = f"{class_text(value)} ({value})"
        self.add(size, depth, label, text)
        self.at += size
        return value


def dissect(data: bytes) -> tuple[Field, ...]:
    """The fields of any octets, in their order; nothing is ever raised."""
    reader = _Reader(data)
    try:
        counts = _header(reader)
        for index in range(counts[0]):
            reader.add(0, 0, f"Question {index + 1}" if counts[0] > 1 else "Question")
            _name(reader, 1, "name")
            reader.number(2, 1, "type", "type")
            reader.number(2, 1, "class", "class")
        for title, count in zip(_SECTIONS, counts[1:], strict=True):
            for index in range(count):
                _record(reader, f"{title} {index + 1} of {count}")
        if reader.at < len(data):
            left = len(data) - reader.at
            reader.add(left, 0, "trailing octets", data[reader.at :][:16].hex(" "), "not counted")
    except _Ended:
        pass
    return tuple(reader.fields)


def _header(reader: _Reader) -> list[int]:
    reader.add(0, 0, "Header")
    reader.number(2, 1, "id")
    flags = int.from_bytes(reader.take(2, 1, "flags"), "big")
    reader.add(2, 1, "flags", f"0x{flags:04x}")
    for mask, name, yes, no in _FLAG_BITS:
        value = (flags & mask) // (mask & -mask)
        words = yes if value else no
        if name == "Opcode":
            words = opcode_text(value)
        elif name == "RCODE":
            words = rcode_text(value)
        problem = "must be 0 (RFC 1035, 4.1.1)" if name == "Z" and value else ""
        reader.add(0, 2, name, words, problem, mask)
    reader.at += 2
    return [reader.number(2, 1, label) for label in _COUNTS]


def _name(reader: _Reader, depth: int, label: str) -> str:
    """A name: its labels, its pointer, and what it is in full."""
    reader.add(0, depth, label, _whole(reader.data, reader.at))
    heading = len(reader.fields) - 1
    while True:
        octet = reader.take(1, depth + 1, "label")[0]
        if octet >= 0xC0:
            _pointer(reader, depth + 1)
            break
        if octet > 63:
            problem = "label types 01 and 10 are not in use (RFC 6891, 5)"
            reader.add(1, depth + 1, "label", f"0x{octet:02x}", problem)
            reader.at = len(reader.data)
            raise _Ended
        piece = reader.take(octet + 1, depth + 1, "label")
        shown = to_text(piece + b"\0").removesuffix(".") if octet else "the root"
        reader.add(octet + 1, depth + 1, "end" if octet == 0 else "label", shown)
        reader.at += octet + 1
        if octet == 0:
            break
    return reader.fields[heading].value


def _pointer(reader: _Reader, depth: int) -> None:
    value = int.from_bytes(reader.take(2, depth, "pointer"), "big") & 0x3FFF
    problem = "" if value < reader.at else "it must lead backwards (RFC 1035, 4.1.4)"
    reader.add(2, depth, "pointer", f"to {value}: {_whole(reader.data, value)}", problem)
    reader.at += 2


def _whole(data: bytes, at: int) -> str:
    """The name at an offset, or why there is none."""
    try:
        return to_text(walker.read_name(data, at, {})[0])
    except (DecodeError, IndexError):
        return "not a name"


def _record(reader: _Reader, title: str) -> None:
    reader.add(0, 0, title)
    heading = len(reader.fields) - 1
    owner = _name(reader, 1, "name")
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
    _rdata(reader, rdclass, rdtype, end)
    if reader.at > end:
        reader.add(0, 1, "data", "", f"its fields end at {reader.at}, its length says {end}")
    reader.at = end


def _opt_flags(reader: _Reader) -> None:
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


def _rdata(reader: _Reader, rdclass: int, rdtype: int, end: int) -> None:
    piece = reader.data[reader.at : end]
    if rdtype == dns.OPT:
        _options(reader, end)
    elif rdtype == dns.A and len(piece) == 4:
        reader.add(4, 1, "address", str(IPv4Address(piece)))
    elif rdtype == dns.AAAA and len(piece) == 16:
        reader.add(16, 1, "address", str(IPv6Address(piece)))
    elif rdtype in (dns.TXT, 99):
        _strings(reader, end)
    elif rdtype in layouts.READABLE:
        _laid_out(reader, rdtype, end)
    elif rdtype == dns.RRSIG and len(piece) > 18:
        _rrsig(reader, end)
    else:
        reader.add(len(piece), 1, "data", data_text(rdclass, rdtype, piece))


def _laid_out(reader: _Reader, rdtype: int, end: int) -> None:
    """Types with names inside."""
    numbers = list(_NUMBERS_BEFORE.get(rdtype, ()))
    names = ["primary server", "mailbox"] if rdtype == dns.SOA else []
    for step in layouts.READABLE[rdtype]:
        if step == layouts.NAME:
            _name(reader, 1, names.pop(0) if names else "target")
        elif step == layouts.TEXT:
            _string(reader)
        elif step == 2 * len(numbers):
            for label in numbers:
                reader.number(2, 1, label)
        else:
            reader.add(step, 1, "fields", reader.take(step, 1, "fields").hex(" "))
            reader.at += step
    if rdtype == dns.SOA:
        for label in _SOA_NUMBERS:
            reader.number(4, 1, label)
    elif reader.at < end:
        rest = reader.data[reader.at : end]
        reader.add(len(rest), 1, "data", rest.hex(" "))


def _rrsig(reader: _Reader, end: int) -> None:
    """RFC 4034, 3.1."""
    reader.number(2, 1, "type covered", "type")
    for label, size in (
        ("algorithm", 1),
        ("labels", 1),
        ("original TTL", 4),
        ("expiration", 4),
        ("inception", 4),
        ("key tag", 2),
    ):
        reader.number(size, 1, label)
    _name(reader, 1, "signer")
    if reader.at < end:
        piece = reader.data[reader.at : end]
        reader.add(len(piece), 1, "signature", f"{len(piece)} octets")
        reader.at = end


def _strings(reader: _Reader, end: int) -> None:
    while reader.at < end:
        _string(reader)


def _string(reader: _Reader) -> None:
    length = reader.take(1, 1, "text")[0]
    piece = reader.take(length + 1, 1, "text")
    reader.add(length + 1, 1, "text", f'"{piece[1:].decode("utf-8", "backslashreplace")}"')
    reader.at += length + 1


def _options(reader: _Reader, end: int) -> None:
    while reader.at < end:
        code = int.from_bytes(reader.take(2, 1, "option"), "big")
        reader.add(2, 1, "option", f"{_OPTIONS.get(code, 'unknown')} ({code})")
        reader.at += 2
        length = reader.number(2, 2, "length")
        value = reader.take(length, 2, "value")
        if length:
            reader.add(length, 2, "value", _option_text(code, value))
        reader.at += length


def _option_text(code: int, value: bytes) -> str:
    if code == ede.OPTION and len(value) >= 2:
        number = int.from_bytes(value[:2], "big")
        text = value[2:].decode("utf-8", "backslashreplace")
        return f"{number}, {ede.name(number)}{': ' + text if text else ''}"
    if code == 3:
        return value.decode("utf-8", "backslashreplace")
    return value.hex(" ") if len(value) <= 24 else f"{len(value)} octets"
