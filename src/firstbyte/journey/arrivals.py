"""How content arrived, as its segments tell: bursts, what they repaired, and what the sender might.

A sender sends no more than the window that it knows of. What we announced reaches it half a round
trip later, and what it then sends takes another half: data that comes at t answers to windows that
were announced until t less one RTT.
"""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from firstbyte.events import Event, tcp
from firstbyte.journey.select import Seen, each, middle

# A burst ends when nothing comes for this part of an RTT: a delayed ACK may split one into two.
_BURST_GAP = 0.25
# On a slow link a segment takes longer than that: there it ends after so many usual gaps.
_USUAL_GAPS = 3
_MOSTLY = 0.7
_ENOUGH_SEGMENTS = 16
_FULL_SEGMENT_BYTES = 1_000
# Shorter pauses are the scheduler's, not the network's.
_SHORTEST_PAUSE_US = 1_000
_DEFAULT_MSS_BYTES = 1460
_MOST_GAPS = 1_000
"""More are forgotten, oldest first: a peer that leaves so many gaps has its own plans."""


class Burst(NamedTuple):
    """Data that came without a pause."""

    start_us: int
    end_us: int
    payload_bytes: int
    end_seq: int | None
    """The number after the highest that had come by its end."""
    repaired: bool
    """It filled a gap that an earlier segment had left."""
    repeats: int = 0
    """Segments after it, before the next new data, that held nothing new."""


class Windows:
    """What we announced, and how far the sender might therefore go.

    Args:
        carrier: the connection's events, in order of time.

    """

    def __init__(self, carrier: tuple[Event, ...]) -> None:
        self._at_us: list[int] = []
        self._edges: list[int] = []
        self.segment_bytes = _DEFAULT_MSS_BYTES
        """The largest segment that we accept: the MSS of our SYN. A capture may show larger ones,
        which the network card had joined."""
        reached = 0
        for seen in each(carrier, tcp.Segment):
            if seen.event.source == "inferred" or seen.event.direction != "sent":
                continue
            if "SYN" in seen.what.flags:
                self.segment_bytes = seen.what.options.mss or self.segment_bytes
            elif (edge := _right_edge(seen.what)) is not None and edge > reached:
                reached = edge
                self._at_us.append(seen.at_us)
                self._edges.append(edge)

    def announced(self, at_us: int) -> int | None:
        """The highest sequence number that we had allowed by then; null when none was seen."""
        index = bisect_right(self._at_us, at_us)
        return self._edges[index - 1] if index else None

    def opened_us(self, edge: int) -> int | None:
        """When we allowed everything up to ``edge``; null if we never did."""
        index = bisect_right(self._edges, edge - 1)
        return self._at_us[index] if index < len(self._at_us) else None


def _right_edge(segment: tcp.Segment) -> int | None:
    if segment.ack is None or segment.window_bytes is None:
        return None
    return segment.ack + segment.window_bytes


def data_segments(carrier: tuple[Event, ...]) -> list[Seen[tcp.Segment]]:
    """The peer's segments with data, where segments were seen."""
    return [
        seen
        for seen in each(carrier, tcp.Segment)
        if seen.event.source != "inferred"
        and seen.event.direction == "received"
        and seen.what.length
    ]


def bursts_of(segments: Sequence[Seen[tcp.Segment]], rtt_us: int) -> list[Burst]:
    """The bursts in which new data came; a segment that held nothing new belongs to none."""
    bursts: list[Burst] = []
    gap_us = max(rtt_us * _BURST_GAP, _SHORTEST_PAUSE_US, _links_gap_us(segments))
    stream = _Reassembly()
    for seen in segments:
        new, repaired = stream.take(seen.what)
        if not new:
            if bursts:
                bursts[-1] = bursts[-1]._replace(repeats=bursts[-1].repeats + 1)
            continue
        one = Burst(seen.at_us, seen.at_us, seen.what.length or 0, stream.reached, repaired)
        if bursts and seen.at_us - bursts[-1].end_us <= gap_us:
            bursts[-1] = _joined(bursts[-1], one)
        else:
            bursts.append(one)
    return bursts


def _links_gap_us(segments: Sequence[Seen[tcp.Segment]]) -> float:
    """The longest gap that a link's own rate explains; 0 where few segments are full."""
    full = [(a, b) for a, b in pairwise(segments) if (b.what.length or 0) >= _FULL_SEGMENT_BYTES]
    if len(full) < max(_ENOUGH_SEGMENTS, _MOSTLY * (len(segments) - 1)):
        return 0
    return _USUAL_GAPS * middle([b.at_us - a.at_us for a, b in full])


def _joined(burst: Burst, one: Burst) -> Burst:
    return Burst(
        burst.start_us,
        one.end_us,
        burst.payload_bytes + one.payload_bytes,
        one.end_seq,
        burst.repaired or one.repaired,
    )


class _Reassembly:
    """Which numbers have come, so that a repair is told from a repetition (RFC 9293, 3.10.7.4)."""

    def __init__(self) -> None:
        self.reached: int | None = None
        self._gaps: list[tuple[int, int]] = []

    def take(self, segment: tcp.Segment) -> tuple[bool, bool]:
        """Whether a segment held anything new, and whether that filled a gap."""
        if segment.seq is None:
            return True, segment.retransmission
        start, end = segment.seq, segment.seq + (segment.length or 0)
        reached = start if self.reached is None else self.reached
        if start > reached:
            self._gaps.append((reached, start))
            del self._gaps[:-_MOST_GAPS]
        filled = self._fill(start, end)
        self.reached = max(reached, end)
        return filled or end > reached, filled

    def _fill(self, start: int, end: int) -> bool:
        left: list[tuple[int, int]] = []
        filled = False
        for low, high in self._gaps:
            if end <= low or high <= start:
                left.append((low, high))
                continue
            filled = True
            left += [part for part in ((low, start), (end, high)) if part[0] < part[1]]
        self._gaps = left
        return filled
