"""When to acknowledge: at once, or a little later (RFC 9293, section 3.8.6.3), as Linux does.

A connection starts in quick mode (every segment is acknowledged at once, so that the peer's slow
start is fast), until it has shown itself interactive: data sent soon after data received. Then an
acknowledgement waits for 40 ms, or for more than one full segment, or for data to ride on.
"""

QUICK_ACKS = 16


class AckPolicy:
    """``due`` says that an acknowledgement must go out now, ``pending`` that one is owed."""

    __slots__ = ("_always", "_delay_ns", "due", "interactive", "last_data_ns", "pending", "quick")

    def __init__(self, delay_ns: int, *, always: bool) -> None:
        self._delay_ns = delay_ns
        self._always = always
        self.due = False
        self.pending = 0
        """Bytes received and not acknowledged."""
        self.quick = QUICK_ACKS
        self.interactive = False
        self.last_data_ns: int | None = None

    def on_data(self, count: int, mss: int, now_ns: int, rto_ns: int) -> None:
        """``count`` bytes came in order."""
        last = self.last_data_ns
        self.last_data_ns = now_ns
        if last is not None and now_ns - last > rto_ns:
            # After a pause the peer may be in slow start again.
            self.quick = max(self.quick, QUICK_ACKS)
        self.pending += count
        if self._always or self.pending > mss or (self.quick and not self.interactive):
            self.due = True

    def on_sent(self, now_ns: int) -> None:
        """We sent data: soon after receiving some, this is a conversation."""
        last = self.last_data_ns
        if last is not None and now_ns - last < self._delay_ns:
            self.interactive = True

    def acknowledged(self) -> None:
        """An acknowledgement left."""
        if self.quick and self.pending:
            self.quick -= 1
        self.pending = 0
        self.due = False

    def hurry(self) -> None:
        """Something is out of order: acknowledge at once, and for a while (RFC 5681, 4.2)."""
        self.due = True
        self.quick = max(self.quick, QUICK_ACKS)
        self.interactive = False
