"""Merges neighbouring reads into one event, so that a long transfer stays a short journey."""

from collections.abc import Callable

_WINDOW_NS = 1_000_000
_EVENTS_PER_DOUBLING = 512


class ReadMerger:
    """Counts bytes that arrive; hands out one (count, reads, first_ns, span_ns) a burst.

    A burst ends when a read comes more than a window after the burst's first. The window is 1 ms,
    and doubles after every 512 bursts: a journey's size grows with the logarithm of the time.
    """

    def __init__(self, flush: Callable[[int, int, int, int], None]) -> None:
        self._flush = flush
        self._bursts = 0
        self._count = 0
        self._reads = 0
        self._first_ns = 0
        self._last_ns = 0

    def add(self, count: int, now_ns: int) -> None:
        """``count`` bytes were read at ``now_ns``."""
        window_ns = _WINDOW_NS << (self._bursts // _EVENTS_PER_DOUBLING)
        if self._reads and now_ns - self._first_ns > window_ns:
            self.flush()
        if not self._reads:
            self._first_ns = now_ns
        self._count += count
        self._reads += 1
        self._last_ns = now_ns

    def flush(self) -> None:
        """Hand out the burst that is open, if any: call it before the connection's last event."""
        if not self._reads:
            return
        self._flush(self._count, self._reads, self._first_ns, self._last_ns - self._first_ns)
        self._bursts += 1
        self._count = self._reads = 0
