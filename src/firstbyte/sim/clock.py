"""The virtual clock: integer nanoseconds, moved by the agenda and by who sleeps."""

NS_PER_S = 1_000_000_000

DEFAULT_EPOCH_S = 1_767_225_600
"""2026-01-01T00:00:00Z: what hosts believe the date to be when a world begins."""


def to_ns(seconds: float) -> int:
    """Nanoseconds, rounded to the nearest."""
    return round(seconds * NS_PER_S)


class Clock:
    """Time since the world began; ``epoch_ns`` is the wall-clock time of that moment."""

    __slots__ = ("epoch_ns", "now_ns")

    def __init__(self, epoch_s: float = DEFAULT_EPOCH_S) -> None:
        self.now_ns = 0
        self.epoch_ns = to_ns(epoch_s)

    def advance_to(self, at_ns: int) -> None:
        """Move to ``at_ns``; the clock never goes back."""
        if at_ns > self.now_ns:
            self.now_ns = at_ns
