"""What every congestion control answers. Windows count segments, as in Linux."""

from abc import ABC, abstractmethod

UNLIMITED = 0x7FFFFFFF
"""``ssthresh`` before the first loss."""


class Congestion(ABC):
    """``cwnd`` and ``ssthresh`` in segments; subclasses decide how they move."""

    name = ""

    __slots__ = ("cwnd", "initial", "ssthresh")

    def __init__(self, initial_window: int) -> None:
        self.initial = initial_window
        self.cwnd = initial_window
        self.ssthresh = UNLIMITED

    @abstractmethod
    def on_ack(self, acked: int, now_ns: int, srtt_ns: int) -> None:
        """``acked`` segments arrived while the window was what limited us."""

    @abstractmethod
    def reduced(self) -> int:
        """The threshold to go down to when a loss is found; called once an episode."""

    def on_loss(self, _now_ns: int) -> None:
        """Fast recovery begins. The window itself is brought down by the recovery."""
        self.ssthresh = self.reduced()

    def on_timeout(self, _now_ns: int) -> None:
        """The retransmission timer fired: start again from one segment (RFC 5681, 3.1)."""
        self.ssthresh = self.reduced()
        self.cwnd = 1

    def on_idle(self, idle_rtos: int) -> None:
        """Nothing was sent for so many RTOs: halve for each, not below the start (RFC 2861)."""
        restart = min(self.initial, self.cwnd)
        self.ssthresh = max(self.ssthresh, self.cwnd * 3 // 4)
        self.cwnd = max(self.cwnd >> min(idle_rtos, 31), restart)

    def slow_start(self, acked: int) -> int:
        """One more for each segment that arrived, up to ``ssthresh``; gives what is left over."""
        grown = min(self.cwnd + acked, self.ssthresh)
        left = acked - (grown - self.cwnd)
        self.cwnd = grown
        return left
