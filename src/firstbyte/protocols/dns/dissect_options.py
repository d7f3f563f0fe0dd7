"""EDNS options field by field (RFC 6891, 6.1.2), by a reader for each code."""

from collections.abc import Callable
from ipaddress import ip_address

from firstbyte.protocols.dns import ede
from firstbyte.protocols.dns.field_reader import EndedError, Reader

NAMES = {
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
_CLIENT_COOKIE_BYTES = 8
_WIDTHS = {1: 4, 2: 16}


def read(reader: Reader, end: int) -> None:
    """All options up to ``end``; a fault inside one ends that option alone.

    Raises:
        EndedError: an option's length reaches beyond ``end``.

    """
    while reader.at < end:
        code = int.from_bytes(reader.take(2, 1, "option"), "big")
        reader.put(2, 1, "option", f"{NAMES.get(code, 'unknown')} ({code})")
        length = reader.number(2, 2, "length")
        reader.take(length, 2, "value")
        _value(reader, code, reader.at + length)


def _value(reader: Reader, code: int, end: int) -> None:
    outer, part = reader.limit, reader.part
    reader.limit, reader.part = end, "option"
    try:
        if reader.at < end:
            _READERS.get(code, _octets)(reader, end)
        if reader.at < end:
            text = reader.data[reader.at : end].hex(" ")
            reader.put(end - reader.at, 2, "left over", text, "the option's fields end before")
    except EndedError:
        reader.at = end
    finally:
        reader.limit, reader.part = outer, part


def _octets(reader: Reader, end: int) -> None:
    reader.octets(end - reader.at, 2, "value")


def _text(reader: Reader, end: int) -> None:
    reader.text(end - reader.at, 2, "value")


def _subnet(reader: Reader, end: int) -> None:
    """RFC 7871, 6."""
    family = reader.number(2, 2, "family")
    bits = reader.number(1, 2, "source bits")
    reader.number(1, 2, "scope bits")
    size = end - reader.at
    width = _WIDTHS.get(family)
    if not size:
        return
    piece = reader.take(size, 2, "address")
    if width is None or size > width:
        reader.put(size, 2, "address", piece.hex(" "), "too long for its family (RFC 7871, 6)")
        return
    address = ip_address(piece + bytes(width - size))
    problem = "" if size == (bits + 7) // 8 else "octets do not fit the length (RFC 7871, 6)"
    reader.put(size, 2, "address", f"{address}/{bits}", problem)


def _cookie(reader: Reader, end: int) -> None:
    """RFC 7873, 4."""
    reader.octets(_CLIENT_COOKIE_BYTES, 2, "client cookie")
    size = end - reader.at
    if size:
        piece = reader.take(size, 2, "server cookie")
        problem = "" if 8 <= size <= 32 else "8 to 32 octets (RFC 7873, 4.2)"
        reader.put(size, 2, "server cookie", piece.hex(" "), problem)


def _keepalive(reader: Reader, _: int) -> None:
    """RFC 7828, 3.1."""
    value = int.from_bytes(reader.take(2, 2, "idle time"), "big")
    reader.put(2, 2, "idle time", f"{value / 10:g} s")


def _expire(reader: Reader, _: int) -> None:
    """RFC 7314, 2."""
    value = int.from_bytes(reader.take(4, 2, "expire"), "big")
    reader.put(4, 2, "expire", f"{value} s")


def _error(reader: Reader, end: int) -> None:
    """RFC 8914, 2."""
    value = int.from_bytes(reader.take(2, 2, "info code"), "big")
    reader.put(2, 2, "info code", f"{ede.name(value)} ({value})")
    if reader.at < end:
        reader.text(end - reader.at, 2, "extra text")


def _padding(reader: Reader, end: int) -> None:
    """RFC 7830, 3."""
    size = end - reader.at
    zero = not any(reader.take(size, 2, "padding"))
    reader.put(size, 2, "padding", f"{size} octets{'' if zero else ', not all 0'}")


def _algorithms(reader: Reader, end: int) -> None:
    """RFC 6975, 3."""
    piece = reader.take(end - reader.at, 2, "algorithms")
    reader.put(len(piece), 2, "algorithms", ", ".join(map(str, piece)))


def _key_tags(reader: Reader, end: int) -> None:
    """RFC 8145, 4.1."""
    while reader.at < end:
        reader.number(2, 2, "key tag")


def _name(reader: Reader, _: int) -> None:
    """RFC 7901, 3; RFC 9567, 5."""
    reader.name(2, "name")


def _version(reader: Reader, end: int) -> None:
    """RFC 9660, 2."""
    reader.number(1, 2, "labels")
    kind = reader.number(1, 2, "kind")
    if kind == 0 and end - reader.at == 4:
        reader.number(4, 2, "serial")


_READERS: dict[int, Callable[[Reader, int], None]] = {
    3: _text,
    5: _algorithms,
    6: _algorithms,
    7: _algorithms,
    8: _subnet,
    9: _expire,
    10: _cookie,
    11: _keepalive,
    12: _padding,
    13: _name,
    14: _key_tags,
    ede.OPTION: _error,
    18: _name,
    19: _version,
}
