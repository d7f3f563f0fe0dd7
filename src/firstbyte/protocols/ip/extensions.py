"""IPv6 extension headers (RFC 8200, section 4): one class a kind, read as a bounded chain."""

import struct
from collections.abc import Callable

from msgspec import Struct

from firstbyte.errors import UsageError
from firstbyte.protocols.checksum import Bytes
from firstbyte.protocols.problem import Problems

HOP_BY_HOP, ROUTING, FRAGMENT, DESTINATION, NO_NEXT_HEADER = 0, 43, 44, 60, 59
MAX_HEADERS = 16
"""A chain longer than this is not read on: nobody sends it in good faith (RFC 9288)."""

PAD1, PADN = 0, 1
Options = tuple[tuple[int, bytes], ...]


class HopByHop(Struct, frozen=True, gc=False):
    """Options that every node on the path may read; (type, data), padding left out."""

    options: Options = ()


class DestinationOptions(Struct, frozen=True, gc=False):
    """Options for the destination; (type, data), padding left out."""

    options: Options = ()


class Routing(Struct, frozen=True, gc=False):
    """A routing header of any type; ``data`` is type-specific and kept as it is."""

    type: int
    segments_left: int
    data: bytes


class Fragment(Struct, frozen=True, gc=False):
    """A piece of a packet; ``offset`` counts bytes, a multiple of 8."""

    offset: int
    more: bool
    identification: int


Extension = HopByHop | DestinationOptions | Routing | Fragment

NUMBERS: dict[type, int] = {
    HopByHop: HOP_BY_HOP,
    Routing: ROUTING,
    Fragment: FRAGMENT,
    DestinationOptions: DESTINATION,
}


def encode_extension(extension: Extension, next_header: int) -> bytes:
    """One header's bytes, followed by a header of type ``next_header``."""
    if isinstance(extension, Fragment):
        bits = extension.offset | extension.more
        return struct.pack("!BBHI", next_header, 0, bits, extension.identification)
    if isinstance(extension, Routing):
        body = bytes((extension.type, extension.segments_left)) + extension.data
        if (len(body) + 2) % 8:
            raise UsageError("a routing header must fill whole 8-byte units")
    else:
        body = _encode_options(extension.options)
    return bytes((next_header, (len(body) + 2) // 8 - 1)) + body


def _encode_options(options: Options) -> bytes:
    body = b"".join(bytes((kind, len(data))) + data for kind, data in options)
    padding = -(len(body) + 2) % 8
    if padding == 1:
        return body + b"\x00"
    return body + (bytes((PADN, padding - 2)) + bytes(padding - 2) if padding else b"")


def decode_extensions(
    data: Bytes, first: int, problems: Problems
) -> tuple[tuple[Extension, ...], int, int]:
    """Read the chain tolerantly: (headers, upper-layer protocol, bytes that the chain takes).

    ``data`` starts after the fixed header; ``first`` is its next-header field. Stops after a
    fragment header with an offset: what follows it is not a header.
    """
    headers: list[Extension] = []
    offset, protocol = 0, first
    while protocol in _DECODERS and len(headers) < MAX_HEADERS:
        size = _extension_size(data, offset, protocol, problems)
        if size is None:
            return tuple(headers), NO_NEXT_HEADER, len(data)
        body = data[offset : offset + size]
        header = _DECODERS[protocol](body, problems.within(offset))
        _check_order(header, headers, problems.within(offset))
        headers.append(header)
        protocol = body[0]
        offset += size
        if isinstance(header, Fragment) and header.offset:
            break
    return tuple(headers), protocol, offset


def _check_order(header: Extension, earlier: list[Extension], problems: Problems) -> None:
    if isinstance(header, HopByHop) and earlier:
        problems.add(0, "hop-by-hop options", "only first in the chain", "later", "RFC 8200, 4.1")


def _extension_size(data: Bytes, offset: int, protocol: int, problems: Problems) -> int | None:
    room = len(data) - offset
    size = 8 if room < 2 or protocol == FRAGMENT else (data[offset + 1] + 1) * 8
    if size > room:
        problems.add(offset, "extension header", f"{size} bytes", f"{room} bytes", "RFC 8200, 4")
        return None
    return size


def _decode_hop_by_hop(body: Bytes, problems: Problems) -> HopByHop:
    return HopByHop(_decode_options(body, problems))


def _decode_destination(body: Bytes, problems: Problems) -> DestinationOptions:
    return DestinationOptions(_decode_options(body, problems))


def _decode_routing(body: Bytes, _problems: Problems) -> Routing:
    return Routing(body[2], body[3], bytes(body[4:]))


def _decode_fragment(body: Bytes, problems: Problems) -> Fragment:
    _next, _reserved, bits, identification = struct.unpack("!BBHI", body)
    if bits & 6:
        problems.note(2, "fragment reserved bits", "0", bits >> 1 & 3, "RFC 8200, 4.5")
    return Fragment(bits & 0xFFF8, bool(bits & 1), identification)


def _decode_options(body: Bytes, problems: Problems) -> Options:
    options = []
    offset = 2
    while offset < len(body):
        if body[offset] == PAD1:
            offset += 1
            continue
        room = len(body) - offset - 2
        length = body[offset + 1] if room >= 0 else 0
        if room < 0 or length > room:
            problems.add(offset, "option length", f"at most {room}", length, "RFC 8200, 4.2")
            break
        if body[offset] != PADN:
            options.append((body[offset], bytes(body[offset + 2 : offset + 2 + length])))
        offset += 2 + length
    return tuple(options)


_DECODERS: dict[int, Callable[[Bytes, Problems], Extension]] = {
    HOP_BY_HOP: _decode_hop_by_hop,
    DESTINATION: _decode_destination,
    ROUTING: _decode_routing,
    FRAGMENT: _decode_fragment,
}
