"""The retransmission timeout (RFC 6298), computed as Linux does."""


class RttEstimator:
    """Smoothed round-trip time, its variation, and the timeout that follows.

    All values are nanoseconds. ``rto_ns`` is the timeout now, back-off included.
    """

    __slots__ = ("_max", "_min", "backoff", "min_rtt_ns", "rto_ns", "rttvar_ns", "srtt_ns")

    def __init__(self, initial_ns: int, min_ns: int, max_ns: int) -> None:
        self._min = min_ns
        self._max = max_ns
        self.srtt_ns: int | None = None
        self.rttvar_ns = 0
        self.min_rtt_ns: int | None = None
        self.rto_ns = initial_ns
        self.backoff = 0

    def sample(self, rtt_ns: int) -> None:
        """Take a measurement of a segment sent once, or by timestamp (Karn; RFC 6298, 3)."""
        if self.min_rtt_ns is None or rtt_ns < self.min_rtt_ns:
            self.min_rtt_ns = rtt_ns
        if self.srtt_ns is None:
            self.srtt_ns = rtt_ns
            self.rttvar_ns = rtt_ns // 2
        else:
            self.rttvar_ns += (abs(self.srtt_ns - rtt_ns) - self.rttvar_ns) // 4
            self.srtt_ns += (rtt_ns - self.srtt_ns) // 8
        self.backoff = 0
        self.rto_ns = self.base_ns()

    def base_ns(self) -> int:
        """SRTT + max(200 ms, 4 × RTTVAR), within limits: Linux's floor bounds the variation."""
        if self.srtt_ns is None:
            return self.rto_ns
        return min(self.srtt_ns + max(self._min, 4 * self.rttvar_ns), self._max)

    def back_off(self) -> None:
        """The timer fired: double the timeout (RFC 6298, section 5.5)."""
        self.backoff += 1
        self.rto_ns = min(self.rto_ns * 2, self._max)

    def fall_back(self, rto_ns: int) -> None:
        """No measurement came out of a handshake with retransmissions (RFC 6298, 5.7)."""
        self.backoff = 0
        self.rto_ns = rto_ns


def give_up_after_ns(retries: int, min_rto_ns: int, max_rto_ns: int) -> int:
    """The time that ``retries`` back-offs from ``min_rto_ns`` take, as Linux reads tcp_retries2."""
    total, rto = 0, min_rto_ns
    for _ in range(retries + 1):
        total += rto
        rto = min(rto * 2, max_rto_ns)
    return total
