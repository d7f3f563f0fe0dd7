"""A TCP segment (RFC 9293, section 3.1) as an object and as bytes.

The simulator hands :class:`Segment` objects from host to host; bytes and checksum are made only
when somebody asks for them.
"""

import struct
from functools import lru_cache

from msgspec import Struct

from firstbyte.protocols.checksum import Bytes, checksum, verifies
from firstbyte.protocols.problem import Problems
from firstbyte.protocols.tcp.options import (
    NO_OPTIONS,
    TcpOptions,
    decode_options,
    encode_options,
    options_length,
)

FIN, SYN, RST, PSH, ACK, URG, ECE, CWR, AE = (1 << bit for bit in range(9))

FLAG_NAMES = (
    (AE, "AE"),
    (CWR, "CWR"),
    (ECE, "ECE"),
    (URG, "URG"),
    (SYN, "SYN"),
    (FIN, "FIN"),
    (RST, "RST"),
    (PSH, "PSH"),
    (ACK, "ACK"),
)

HEADER_BYTES = 20
RFC = "RFC 9293, 3.1"
_HEADER = struct.Struct("!HHIIHHHH")


@lru_cache
def flag_names(flags: int) -> str:
    """The flags as words: ``"SYN ACK"``, ``"PSH ACK"``; ``"none"`` when no bit is set."""
    return " ".join(name for bit, name in FLAG_NAMES if flags & bit) or "none"


class Segment(Struct, gc=False):
    """One segment. ``seq`` and ``ack`` are absolute 32-bit numbers; ``window`` is unscaled.

    ``flags`` is the OR of this module's bits (AE is RFC 9768's accurate-ECN bit). ``ack`` means
    something only with ACK, ``urgent`` only with URG.
    """

    source_port: int
    destination_port: int
    seq: int
    ack: int
    flags: int
    window: int
    payload: bytes = b""
    options: TcpOptions = NO_OPTIONS
    urgent: int = 0
    retransmission: bool = False
    """The sender sends these bytes again. Not on the wire: the simulation's own knowledge."""

    @property
    def length(self) -> int:
        """SEG.LEN: the sequence space it takes, with SYN and FIN (RFC 9293, section 3.4)."""
        flags = self.flags
        return len(self.payload) + (flags & FIN) + ((flags >> 1) & 1)

    @property
    def size(self) -> int:
        """Bytes on the wire: header, options, payload."""
        return HEADER_BYTES + options_length(self.options) + len(self.payload)

    @property
    def flag_names(self) -> str:
        """The flags as words: ``"SYN ACK"``."""
        return flag_names(self.flags)


def encode_segment(segment: Segment, pseudo_sum: int) -> bytes:
    """The bytes with a good checksum; ``pseudo_sum`` is the IP pseudo-header's word sum."""
    options = encode_options(segment.options)
    words = (HEADER_BYTES + len(options)) // 4
    head = bytearray(
        _HEADER.pack(
            segment.source_port,
            segment.destination_port,
            segment.seq,
            segment.ack,
            words << 12 | segment.flags,
            segment.window,
            0,
            segment.urgent,
        )
    )
    data = head + options + segment.payload
    struct.pack_into("!H", data, 16, checksum(data, pseudo_sum))
    return bytes(data)


def decode_segment(data: Bytes, problems: Problems, pseudo_sum: int | None) -> Segment | None:
    """Read a segment tolerantly; ``None`` when even the fixed header is incomplete.

    ``pseudo_sum`` is the pseudo-header's word sum, or ``None`` to leave the checksum unchecked.
    """
    if len(data) < HEADER_BYTES:
        problems.add(0, "TCP header", "20 bytes", f"{len(data)} bytes", RFC)
        return None
    source, destination, seq, ack, bits, window, _sum, urgent = _HEADER.unpack_from(data)
    header_bytes = _header_bytes(bits, len(data), problems)
    if bits & 0x0E00:
        problems.note(12, "reserved bits", "0", bin(bits >> 9 & 7), RFC)
    if pseudo_sum is not None and not verifies(data, pseudo_sum):
        problems.add(16, "TCP checksum", "a sum of all ones", f"0x{_sum:04x}", RFC)
    options = decode_options(data[HEADER_BYTES:header_bytes], problems.within(HEADER_BYTES))
    return Segment(
        source,
        destination,
        seq,
        ack,
        bits & 0x1FF,
        window,
        bytes(data[header_bytes:]),
        options,
        urgent,
    )


def _header_bytes(bits: int, available: int, problems: Problems) -> int:
    claimed = (bits >> 12) * 4
    if HEADER_BYTES <= claimed <= available:
        return claimed
    problems.add(12, "data offset", f"5 to {available // 4} words", claimed // 4, RFC)
    return max(HEADER_BYTES, min(claimed, available))
