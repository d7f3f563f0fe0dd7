"""Reno's additive increase and multiplicative decrease (RFC 5681)."""

from firstbyte.protocols.tcp.congestion.base import Congestion


class NewReno(Congestion):
    """One segment more for each window's worth of acknowledgements; half after a loss."""

    name = "newreno"

    __slots__ = ("_credit",)

    def __init__(self, initial_window: int) -> None:
        super().__init__(initial_window)
        self._credit = 0

    def on_ack(self, acked: int, _now_ns: int, _srtt_ns: int) -> None:
        """RFC 5681, section 3.1."""
        if self.cwnd < self.ssthresh:
            acked = self.slow_start(acked)
        self._credit += acked
        if self._credit >= self.cwnd:
            self._credit -= self.cwnd
            self.cwnd += 1

    def reduced(self) -> int:
        """Half (RFC 5681, equation 4)."""
        self._credit = 0
        return max(self.cwnd // 2, 2)
