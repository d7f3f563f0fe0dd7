"""CUBIC (RFC 9438): growth as a cubic of the time since the last loss."""

from firstbyte.protocols.tcp.congestion.base import Congestion

C = 0.4
BETA = 0.7
ALPHA = 3 * (1 - BETA) / (1 + BETA)
"""The additive increase with which Reno would be as fast (section 4.3)."""


class Cubic(Congestion):
    """Windows in segments; ``_window`` keeps the fraction that ``cwnd`` cuts off."""

    name = "cubic"

    __slots__ = ("_epoch_ns", "_k_s", "_last_max", "_prior", "_reno", "_target", "_window")

    def __init__(self, initial_window: int) -> None:
        super().__init__(initial_window)
        self._last_max = 0.0
        self._prior = 0
        self._epoch_ns: int | None = None
        self._k_s = self._target = self._reno = 0.0
        self._window = float(initial_window)

    def on_ack(self, acked: int, now_ns: int, srtt_ns: int) -> None:
        """Slow start below the threshold; then the cubic, or Reno's line where that is higher."""
        if self.cwnd < self.ssthresh:
            acked = self.slow_start(acked)
            self._window = float(self.cwnd)
        if not acked:
            return
        if self._epoch_ns is None:
            self._begin_epoch(now_ns)
        self._avoid(acked, now_ns, srtt_ns)

    def reduced(self) -> int:
        """Multiply by 0.7, remembering where we were (sections 4.6 and 4.7)."""
        self._epoch_ns = None
        self._prior = self.cwnd
        shrinking = self.cwnd < self._last_max
        self._last_max = self.cwnd * (1 + BETA) / 2 if shrinking else float(self.cwnd)
        return max(int(self.cwnd * BETA), 2)

    def on_timeout(self, now_ns: int) -> None:
        """Also forget the epoch (section 4.8)."""
        super().on_timeout(now_ns)
        self._window = 1.0

    def on_idle(self, idle_rtos: int) -> None:
        """Time without sending is no time of growth (section 5.8)."""
        super().on_idle(idle_rtos)
        self._epoch_ns = None

    def _begin_epoch(self, now_ns: int) -> None:
        self._epoch_ns = now_ns
        self._window = self._reno = float(self.cwnd)
        below = self._last_max - self._window
        self._k_s = (below / C) ** (1 / 3) if below > 0 else 0.0
        self._target = max(self._last_max, self._window)

    def _avoid(self, acked: int, now_ns: int, srtt_ns: int) -> None:
        elapsed_s = (now_ns - (self._epoch_ns or 0) + srtt_ns) / 1e9
        cubic = C * (elapsed_s - self._k_s) ** 3 + self._target
        target = min(max(cubic, self._window), 1.5 * self._window)
        grown = self._window + acked * (target - self._window) / self._window
        alpha = 1.0 if self._reno >= self._prior else ALPHA
        self._reno += alpha * acked / self._window
        self._window = max(grown, self._reno)
        self.cwnd = int(self._window)
