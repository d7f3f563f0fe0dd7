"""The sending half: what is queued, what the peer's window allows, and how big a segment may be.

Numbers are unwrapped (see :mod:`.sequence`).
"""


class Sender:
    """Keeps written bytes until they are acknowledged. Names follow RFC 9293, section 3.3.1."""

    __slots__ = (
        "base",
        "buffer",
        "capacity",
        "fin_queued",
        "iss",
        "last_window",
        "max_window",
        "mss",
        "nxt",
        "scale",
        "small_end",
        "una",
        "window",
        "wl1",
    )

    def __init__(self, iss: int, capacity: int, mss: int) -> None:
        self.iss = self.una = self.nxt = iss
        self.base = iss + 1
        """The number of the first byte in ``buffer``."""
        self.buffer = bytearray()
        self.capacity = capacity
        self.mss = mss
        """Payload bytes that fit a segment besides the options that every segment has."""
        self.scale = 0
        self.window = self.max_window = 0
        self.last_window = 0
        """As the last segment said it, believed or not: duplicate ACKs repeat it."""
        self.wl1 = 0
        self.fin_queued = False
        self.small_end = iss
        """Where the last segment that was not full ended: Nagle's algorithm looks at it."""

    @property
    def end(self) -> int:
        """The number after the last written byte: where FIN goes."""
        return self.base + len(self.buffer)

    @property
    def room(self) -> int:
        """How many bytes :meth:`write` would take."""
        return max(0, self.capacity - len(self.buffer))

    def write(self, data: bytes | bytearray | memoryview) -> int:
        """Queue what fits; gives how many bytes that is."""
        room = self.room
        if len(data) > room:
            data = memoryview(data)[:room]
        self.buffer += data
        return len(data)

    def data(self, start: int, end: int) -> bytes:
        """The queued bytes with these numbers."""
        base = self.base
        return bytes(self.buffer[start - base : end - base])

    def release(self, ack: int) -> None:
        """Everything before ``ack`` arrived: its bytes are no longer needed."""
        # Beyond the bytes only a FIN can be acknowledged.
        count = min(ack - self.base, len(self.buffer))
        if count > 0:
            del self.buffer[:count]
            self.base += count

    def update_window(self, seq: int, ack: int, window: int) -> bool:
        """Believe a window field unless it is older than what we know; tells if it is new."""
        changed = window != self.last_window
        self.last_window = window
        newer = ack > self.una or seq > self.wl1 or (seq == self.wl1 and window > self.window)
        if not newer:
            return changed
        self.wl1 = seq
        self.window = window
        if window > self.max_window:
            self.max_window = window
        return changed

    def next_length(self, *, alone: bool, hold_small: bool, corked: bool) -> int:
        """How many unsent bytes the next segment may carry now; 0 when it is better to wait.

        ``alone``: nothing is in flight. ``hold_small``: Nagle's algorithm is on. Sender's silly
        window avoidance and Nagle: RFC 9293, sections 3.8.6.2.1 and 3.7.4, with Minshall's
        change (only a small segment in flight holds back another one), as in Linux.
        """
        unsent = self.base + len(self.buffer) - self.nxt
        usable = self.una + self.window - self.nxt
        mss = self.mss
        if unsent >= mss and usable >= mss:
            return mss
        length = min(unsent, usable)
        if length <= 0:
            return 0
        if length < unsent:
            # The window cuts it short: wait, unless that is all the peer ever offers.
            return length if alone and length * 2 >= self.max_window else 0
        if self.fin_queued:
            return length
        if corked or (hold_small and self.small_end > self.una):
            return 0
        return length
