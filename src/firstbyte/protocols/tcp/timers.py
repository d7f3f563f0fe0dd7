"""The timers of one connection: a deadline each, and the earliest of all.

Deadlines are absolute nanoseconds; :data:`NEVER` stands for "not running" so that comparing
needs no test for null.
"""

NEVER = (1 << 63) - 1

RTO, PERSIST, DELAYED_ACK, KEEPALIVE, TIME_WAIT, CORK = range(6)

NAMES = ("rto", "persist", "delayed_ack", "keepalive", "time_wait", "cork")
"""As in ``events.tcp.TimerFired``. FIN-WAIT-2's limit runs on ``time_wait``, as in Linux."""


class Timers:
    """``deadline`` is the earliest of all, kept up to date by each change."""

    __slots__ = ("at", "deadline")

    def __init__(self) -> None:
        self.at = [NEVER] * len(NAMES)
        self.deadline = NEVER

    def set(self, timer: int, at_ns: int) -> None:
        """Start, or move, a timer."""
        old = self.at[timer]
        if old == at_ns:
            return
        self.at[timer] = at_ns
        if at_ns < self.deadline:
            self.deadline = at_ns
        elif old == self.deadline:
            self.deadline = min(self.at)

    def cancel(self, timer: int) -> None:
        """Stop a timer; nothing happens if it does not run."""
        if self.at[timer] != NEVER:
            self.set(timer, NEVER)

    def runs(self, timer: int) -> bool:
        """Whether it is started and has not been taken."""
        return self.at[timer] != NEVER

    def take_due(self, now_ns: int) -> int | None:
        """Stop and give one timer whose time has come; call until it gives ``None``."""
        if now_ns < self.deadline:
            return None
        timer = self.at.index(self.deadline)
        self.set(timer, NEVER)
        return timer

    def clear(self) -> None:
        """Stop all."""
        self.at = [NEVER] * len(NAMES)
        self.deadline = NEVER
