"""IPv4 headers (RFC 791), with options and fragmentation fields."""

import struct

from msgspec import Struct

from firstbyte.errors import UsageError
from firstbyte.protocols.checksum import Bytes, checksum, verifies, word_sum
from firstbyte.protocols.ip.addresses import pack, unpack
from firstbyte.protocols.problem import Problems

HEADER_BYTES = 20
RFC = "RFC 791, 3.1"
_HEADER = struct.Struct("!BBHHHBBH4s4s")

OPTION_END, OPTION_NOP = 0, 1


class Ipv4(Struct, gc=False):
    """One header. Addresses are text; ``fragment_offset`` counts bytes, a multiple of 8.

    ``options`` are (kind, data) with NOPs and padding left out; the encoder pads.
    """

    source: str
    destination: str
    protocol: int
    ttl: int = 64
    identification: int = 0
    dont_fragment: bool = True
    more_fragments: bool = False
    fragment_offset: int = 0
    dscp: int = 0
    ecn: int = 0
    options: tuple[tuple[int, bytes], ...] = ()

    @property
    def version(self) -> int:
        """4."""
        return 4

    @property
    def size(self) -> int:
        """Bytes of the header with its options."""
        return HEADER_BYTES + (len(encode_options(self.options)) if self.options else 0)

    @property
    def is_fragment(self) -> bool:
        """A piece of a datagram, not a whole one."""
        return self.more_fragments or self.fragment_offset > 0


def encode_ipv4(header: Ipv4, payload_bytes: int) -> bytes:
    """The header's bytes with a good checksum, for a payload of so many bytes."""
    options = encode_options(header.options) if header.options else b""
    size = HEADER_BYTES + len(options)
    if size + payload_bytes > 0xFFFF:
        raise UsageError(f"an IPv4 packet of {size + payload_bytes} bytes is over 65,535")
    flags = header.dont_fragment << 14 | header.more_fragments << 13
    data = bytearray(
        _HEADER.pack(
            0x40 | size // 4,
            header.dscp << 2 | header.ecn,
            size + payload_bytes,
            header.identification,
            flags | header.fragment_offset >> 3,
            header.ttl,
            header.protocol,
            0,
            pack(header.source),
            pack(header.destination),
        )
    )
    data += options
    struct.pack_into("!H", data, 10, checksum(data))
    return bytes(data)


def encode_options(options: tuple[tuple[int, bytes], ...]) -> bytes:
    """Options as bytes padded to whole words. Raises :class:`UsageError` over 40 bytes."""
    encoded = b"".join(bytes((kind, len(data) + 2)) + data for kind, data in options)
    encoded += bytes(-len(encoded) % 4)
    if len(encoded) > 40:
        raise UsageError(f"IPv4 options take {len(encoded)} bytes, more than 40")
    return encoded


def pseudo_sum(source: str, destination: str, protocol: int, length: int) -> int:
    """Word sum of the pseudo-header that transports checksum (RFC 9293, section 3.1)."""
    return word_sum(pack(source)) + word_sum(pack(destination)) + protocol + length


def decode_ipv4(data: Bytes, problems: Problems, checksums: bool) -> tuple[Ipv4, int, int] | None:
    """Read a header tolerantly: (header, header bytes, total length); ``None`` when too short.

    The lengths given back lie within ``data``'s claims: the total may exceed what is there.
    """
    if len(data) < HEADER_BYTES:
        problems.add(0, "IPv4 header", "20 bytes", f"{len(data)} bytes", RFC)
        return None
    first, service, total, ident, fragment, ttl, protocol, found, source, destination = (
        _HEADER.unpack_from(data)
    )
    size = _header_size(first, len(data), problems)
    total = _total_length(total, size, len(data), problems)
    if fragment & 0x8000:
        problems.note(6, "reserved flag", "0", "1", RFC)
    if checksums and not verifies(data[:size]):
        problems.add(10, "IPv4 header checksum", "a sum of all ones", f"0x{found:04x}", RFC)
    header = Ipv4(
        unpack(source),
        unpack(destination),
        protocol,
        ttl,
        ident,
        bool(fragment & 0x4000),
        bool(fragment & 0x2000),
        (fragment & 0x1FFF) << 3,
        service >> 2,
        service & 3,
        _decode_options(data[HEADER_BYTES:size], problems.within(HEADER_BYTES)),
    )
    return header, size, total


def _header_size(first: int, available: int, problems: Problems) -> int:
    claimed = (first & 15) * 4
    if HEADER_BYTES <= claimed <= available:
        return claimed
    problems.add(0, "IHL", f"5 to {min(15, available // 4)} words", first & 15, RFC)
    return max(HEADER_BYTES, min(claimed, available))


def _total_length(claimed: int, header: int, available: int, problems: Problems) -> int:
    if claimed < header:
        problems.add(2, "total length", f"at least {header}", claimed, RFC)
        return available
    if claimed > available:
        problems.add(2, "total length", f"at most the {available} bytes there", claimed, RFC)
    return claimed


def _decode_options(data: Bytes, problems: Problems) -> tuple[tuple[int, bytes], ...]:
    options = []
    offset = 0
    while offset < len(data) and data[offset] != OPTION_END:
        if data[offset] == OPTION_NOP:
            offset += 1
            continue
        room = len(data) - offset
        length = data[offset + 1] if room > 1 else 0
        if not 2 <= length <= room:
            problems.add(offset, "IPv4 option length", f"2 to {room}", length, RFC)
            break
        options.append((data[offset], bytes(data[offset + 2 : offset + length])))
        offset += length
    return tuple(options)
