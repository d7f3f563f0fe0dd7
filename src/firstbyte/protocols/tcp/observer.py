"""Follows one connection from outside: packets as a tap saw them become segment events.

Numbers become relative to the initial sequence numbers, windows are scaled, and bytes that were
sent before are marked as retransmissions. It only watches: a broken or foreign packet gives None.
"""

from msgspec import Struct

from firstbyte.events.tcp import Segment, SegmentOptions
from firstbyte.protocols.ip import Packet, decode
from firstbyte.protocols.tcp.segment import ACK, SYN
from firstbyte.protocols.tcp.segment import Segment as WireSegment

_MODULUS = 1 << 32


class _Side(Struct):
    """What one end has sent so far."""

    initial_seq: int | None = None
    sent_end: int = 0
    """The highest relative sequence number sent, plus one."""
    window_shift: int | None = None


class SegmentObserver:
    """Feed it packets oldest first; each direction's SYN, if seen, sets the zero of its numbers."""

    def __init__(self) -> None:
        self._us = _Side()
        self._peer = _Side()

    def observe(self, data: bytes, *, outgoing: bool) -> Segment | None:
        """The event for one packet, or None when it holds no readable TCP segment.

        Args:
            data: the packet from its IP header on; its tail may be missing.
            outgoing: it was sent by the side that we call ours.

        """
        packet = decode(data, checksums=False)
        if not isinstance(packet.transport, WireSegment):
            return None
        sender, receiver = (self._us, self._peer) if outgoing else (self._peer, self._us)
        return self._segment(packet, packet.transport, sender, receiver)

    def _segment(
        self, packet: Packet, segment: WireSegment, sender: _Side, receiver: _Side
    ) -> Segment:
        payload_bytes = len(segment.payload) + packet.missing_bytes
        if segment.flags & SYN:
            sender.window_shift = segment.options.window_scale
        if sender.initial_seq is None:
            # Without its SYN the first number seen stands for "1", the first byte's number.
            sender.initial_seq = (segment.seq - (0 if segment.flags & SYN else 1)) % _MODULUS
        seq = _relative(segment.seq, sender)
        return Segment(
            flags=segment.flag_names,
            length=payload_bytes,
            seq=seq,
            ack=_relative(segment.ack, receiver) if segment.flags & ACK else None,
            window_bytes=self._window(segment, sender, receiver),
            options=_options(segment, receiver),
            retransmission=_advance(sender, seq, segment.length + packet.missing_bytes),
            packet_bytes=packet.size,
        )

    def _window(self, segment: WireSegment, sender: _Side, receiver: _Side) -> int:
        """RFC 7323, 2.2: never scaled in a SYN, and only when both ends offered it."""
        both = sender.window_shift is not None and receiver.window_shift is not None
        if segment.flags & SYN or not both:
            return segment.window
        return segment.window << min(sender.window_shift or 0, 14)


def _advance(sender: _Side, seq: int, length: int) -> bool:
    """Note that ``length`` numbers from ``seq`` on were sent; True if all were sent before."""
    if not length:
        return False
    again = seq + length <= sender.sent_end
    sender.sent_end = max(sender.sent_end, seq + length)
    return again


def _relative(number: int, side: _Side) -> int:
    """A sequence number counted from the side's initial one; unwrapped past 4 GiB."""
    if side.initial_seq is None:
        return number
    relative = (number - side.initial_seq) % _MODULUS
    # Choose the turn of the 32-bit circle that lies nearest to what was sent last.
    turns = round((side.sent_end - relative) / _MODULUS)
    return max(0, relative + turns * _MODULUS)


def _options(segment: WireSegment, receiver: _Side) -> SegmentOptions:
    options = segment.options
    cookie = options.fast_open_cookie
    return SegmentOptions(
        mss=options.mss,
        window_scale=options.window_scale,
        sack_permitted=options.sack_permitted,
        sack_blocks=tuple(
            (_relative(left, receiver), _relative(right, receiver))
            for left, right in options.sack_blocks
        ),
        timestamp=options.timestamp,
        fast_open_cookie=None if cookie is None else cookie.hex(),
        other=tuple(kind for kind, _ in options.other),
    )
