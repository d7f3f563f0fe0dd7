"""Delay that varies without changing the order of packets.

Real jitter comes from queues that fill and empty, so it changes over time rather than from packet
to packet: here it runs straight between random points, never so steeply that a later packet would
overtake an earlier one.
"""

from random import Random

STRETCH = 3
"""Points are this many jitters apart: so the delay never falls as fast as time runs."""


class Jitter:
    """The deviation from a link's delay, at any time; between plus and minus ``amplitude_ns``."""

    def __init__(self, amplitude_ns: int, seed: str) -> None:
        self._amplitude_ns = amplitude_ns
        self._seed = seed
        self._period_ns = max(1, STRETCH * amplitude_ns)
        self._index = -1
        self._ends = (0.0, 0.0)

    def at(self, now_ns: int) -> int:
        """The deviation of a packet that is sent now, in nanoseconds."""
        index, rest = divmod(now_ns, self._period_ns)
        if index != self._index:
            self._index = index
            self._ends = (self._point(index), self._point(index + 1))
        begin, end = self._ends
        return round((begin + (end - begin) * rest / self._period_ns) * self._amplitude_ns)

    def _point(self, index: int) -> float:
        return Random(f"{self._seed} {index}").uniform(-1, 1)
