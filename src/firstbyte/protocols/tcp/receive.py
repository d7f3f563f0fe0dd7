"""The receiving half: reassembly, the window, and what to say in SACK.

Numbers are unwrapped (see :mod:`.sequence`).
"""

from bisect import bisect_left

MAX_SACK_BLOCKS = 4
SMALLEST_FULL = 536
MAX_PIECES = 4096
"""Out-of-order pieces kept; more is dropped, to be sent again."""


class Receiver:
    """Puts what arrives in order. ``nxt`` is the next number expected (RCV.NXT)."""

    __slots__ = (
        "_starts",
        "buffer",
        "buffered_out_of_order",
        "duplicate",
        "edge",
        "fin",
        "irs",
        "largest",
        "limit",
        "limit_max",
        "mss",
        "nxt",
        "out_of_order_count",
        "pieces",
        "recent",
        "scale",
        "total",
    )

    def __init__(self, limit: int, limit_max: int, mss: int) -> None:
        self.limit = limit
        self.limit_max = max(limit, limit_max)
        self.mss = mss
        self.largest = min(SMALLEST_FULL, mss)
        """The largest payload seen, so what counts as a full segment."""
        self.scale = 0
        self.irs = self.nxt = self.edge = 0
        self.fin: int | None = None
        """The number that the peer's FIN takes, once it has been seen."""
        self.buffer = bytearray()
        self.pieces: dict[int, bytes] = {}
        self._starts: list[int] = []
        self.buffered_out_of_order = 0
        self.recent: list[tuple[int, int]] = []
        """Blocks above ``nxt``, latest first (RFC 2018, section 4)."""
        self.duplicate: tuple[int, int] | None = None
        """What arrived twice, to be told once (RFC 2883)."""
        self.total = 0
        self.out_of_order_count = 0

    def start(self, irs: int) -> None:
        """The peer's initial number is known."""
        self.irs = irs
        self.nxt = irs + 1
        self.edge = self.nxt + min(self.limit, 0xFFFF)

    @property
    def window(self) -> int:
        """What the peer may still send as it was told, in bytes."""
        return max(0, self.edge - self.nxt)

    def accept(self, seq: int, data: bytes) -> int:
        """Take ``data`` that starts at ``seq``; gives how many bytes became readable.

        What lies outside of the window is cut off; what is held already stays as it was.
        """
        if seq == self.nxt and not self._starts and seq + len(data) <= self.edge:
            self.buffer += data
            self.nxt += len(data)
            self.total += len(data)
            return len(data)
        if seq < self.nxt:
            self._note_duplicate(seq, min(seq + len(data), self.nxt))
            data = data[self.nxt - seq :]
            seq = self.nxt
        if seq + len(data) > self.edge:
            data = data[: max(0, self.edge - seq)]
        if not data:
            return 0
        if seq > self.nxt:
            self._keep(seq, data)
            return 0
        before = self.nxt
        self.buffer += data
        self.nxt += len(data)
        if self._starts:
            self._drain()
        count = self.nxt - before
        self.total += count
        return count

    def read(self, count: int) -> bytes:
        """Take up to ``count`` readable bytes."""
        buffer = self.buffer
        if count >= len(buffer):
            data = bytes(buffer)
            buffer.clear()
        else:
            data = bytes(buffer[:count])
            del buffer[:count]
        return data

    def grow(self) -> None:
        """A full segment arrived and the user keeps up: offer more, up to the limit.

        Linux grows by two segments for each one that arrives (tcp_grow_window).
        """
        if self.limit < self.limit_max and len(self.buffer) * 2 <= self.limit:
            self.limit = min(self.limit + 2 * self.mss, self.limit_max)

    def offer(self) -> int:
        """The window field to send; moves the offered edge, never back (RFC 9293, 3.8.6).

        Opens only by worthwhile steps: the receiver's silly window avoidance (3.8.6.2.2).
        """
        opened = self.possible_edge() - self.edge
        if opened >= self.mss or opened >= self.limit // 2:
            self.edge += opened
        window = self.edge - self.nxt
        return min(window >> self.scale, 0xFFFF) if window > 0 else 0

    def may_open_much(self) -> bool:
        """Whether the window could become at least twice what the peer was told."""
        window = self.edge - self.nxt
        if 2 * window > self.limit:
            return False
        window = max(0, window)
        opened = self.possible_edge() - self.nxt
        return opened >= 2 * window and opened - window >= min(self.limit // 2, self.mss)

    def possible_edge(self) -> int:
        """Where the window could end now: free space in whole units of the scale."""
        units = (self.limit - len(self.buffer)) >> self.scale
        if units <= 0:
            return self.nxt
        return self.nxt + (min(units, 0xFFFF) << self.scale)

    def sack_blocks(self, limit: int = MAX_SACK_BLOCKS) -> tuple[tuple[int, int], ...]:
        """Up to ``limit`` blocks to tell; a duplicate comes first and is told once."""
        if limit <= 0:
            return ()
        if self.duplicate is not None:
            first, self.duplicate = self.duplicate, None
            return (first, *self.recent[: limit - 1])
        return tuple(self.recent[:limit])

    def _keep(self, seq: int, data: bytes) -> None:
        self.out_of_order_count += 1
        end = seq + len(data)
        added = self._fill_gaps(seq, data)
        if not added:
            self._note_duplicate(seq, end)
        if added or self.pieces:
            self._remember(seq, end)

    def _fill_gaps(self, seq: int, data: bytes) -> int:
        """Keep those parts of ``data`` that are not held yet; gives their total length."""
        added, end, position = 0, seq + len(data), seq
        index = bisect_left(self._starts, seq)
        if index:
            start = self._starts[index - 1]
            position = max(seq, start + len(self.pieces[start]))
        while position < end and len(self.pieces) < MAX_PIECES:
            following = self._starts[index] if index < len(self._starts) else end
            stop = min(following, end)
            if position < stop:
                self.pieces[position] = data[position - seq : stop - seq]
                self._starts.insert(index, position)
                added += stop - position
                index += 1
            if following >= end:
                break
            position = following + len(self.pieces[following])
            index += 1
        self.buffered_out_of_order += added
        return added

    def _remember(self, seq: int, end: int) -> None:
        """Put the block that now holds ``seq`` first, in place of those that it swallowed."""
        left, right = seq, end
        others = []
        for block in self.recent:
            if block[0] <= right and left <= block[1]:
                left, right = min(left, block[0]), max(right, block[1])
            else:
                others.append(block)
        self.recent = [(left, right), *others]

    def _drain(self) -> None:
        """Move the pieces that ``nxt`` has reached into the buffer."""
        done = 0
        for start in self._starts:
            if start > self.nxt:
                break
            data = self.pieces.pop(start)
            self.buffered_out_of_order -= len(data)
            if start + len(data) > self.nxt:
                self.buffer += data[self.nxt - start :]
                self.nxt = start + len(data)
            done += 1
        del self._starts[:done]
        self.recent = [block for block in self.recent if block[1] > self.nxt]

    def _note_duplicate(self, start: int, end: int) -> None:
        if start < end:
            self.duplicate = (start, end)
