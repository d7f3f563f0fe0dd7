"""Two connections on a link that does to each segment what a schedule says."""

from collections.abc import Callable
from heapq import heappop, heappush

from firstbyte.protocols.problem import Problems
from firstbyte.protocols.tcp.config import MS, TcpConfig
from firstbyte.protocols.tcp.connection import Connection
from firstbyte.protocols.tcp.segment import Segment, decode_segment, encode_segment
from firstbyte.protocols.tcp.states import State

Fate = Callable[[int, Segment], list[float]]
"""(number of the segment, segment) → after how many milliseconds copies of it arrive."""

PSEUDO_SUM = 12345


def straight(_number: int, _segment: Segment) -> list[float]:
    return [10.0]


class Pair:
    """``a`` connects to ``b``. Each end writes its text, closes, and reads the other's."""

    def __init__(
        self,
        texts: tuple[bytes, bytes],
        fate: Fate = straight,
        configs: tuple[TcpConfig, TcpConfig] = (TcpConfig(), TcpConfig()),
        corrupt: frozenset[int] = frozenset(),
    ) -> None:
        self.a = Connection(1000, 80, 0xFFFFFFF0, configs[0])
        self.b = Connection(80, 1000, 7, configs[1])
        self.ends = (self.a, self.b)
        self.left = [memoryview(texts[0]), memoryview(texts[1])]
        self.got = [bytearray(), bytearray()]
        self.fate = fate
        self.corrupt = corrupt
        self.now_ns = 0
        self.count = 0
        self.idle = False
        """Nobody uses the connections but the test itself."""
        self.log: list[tuple[float, int, Segment]] = []
        self._queue: list[tuple[int, int, int, Segment]] = []
        self._copies = 0
        self._deadlines: list[int | None] = [None, None]

    def start(self) -> "Pair":
        self.a.connect(0)
        self.b.listen(0)
        self._poll(0)
        return self

    def run(self, limit: int = 200_000) -> "Pair":
        """Until nothing is left to happen; fails if that takes too long."""
        self.start()
        for _ in range(limit):
            if not self._step():
                return self
        raise AssertionError(f"still busy: {self.a.state} {self.b.state} at {self.now_ns / 1e9} s")

    def run_for(self, ms: float) -> None:
        """Let so much time pass."""
        end = self.now_ns + int(ms * MS)
        while self._next_ns() is not None and (self._next_ns() or 0) <= end:
            self._step()
        self.now_ns = end

    def poll_both(self) -> None:
        for number in (0, 1):
            self._poll(number)

    def _next_ns(self) -> int | None:
        times = [d for d in self._deadlines if d is not None]
        if self._queue:
            times.append(self._queue[0][0])
        return min(times, default=None)

    def _step(self) -> bool:
        next_ns = self._next_ns()
        if next_ns is None:
            return False
        self.now_ns = max(self.now_ns, next_ns)
        while self._queue and self._queue[0][0] <= self.now_ns:
            _, _, to, segment = heappop(self._queue)
            self.ends[to].segment(segment, self.now_ns)
        for number in (0, 1):
            self._poll(number)
            if not self.idle:
                self._use(number)
                self._poll(number)
        return True

    def _use(self, number: int) -> None:
        """The user: write what fits, close when all is written, read, close at the end of data."""
        end, left = self.ends[number], self.left[number]
        if end.state in {State.ESTABLISHED, State.CLOSE_WAIT} and not end.sender.fin_queued:
            taken = end.write(left)
            self.left[number] = left[taken:]
            if not self.left[number]:
                end.shutdown(self.now_ns)
        self.got[number] += end.read()

    def _poll(self, number: int) -> None:
        polled = self.ends[number].poll(self.now_ns)
        self._deadlines[number] = polled.deadline_ns
        for segment in polled.segments:
            self.log.append((self.now_ns / MS, number, segment))
            self._send(1 - number, segment)

    def _send(self, to: int, segment: Segment) -> None:
        self.count += 1
        if self.count in self.corrupt:
            damaged = damage(segment, self.count)
            if damaged is None:
                return
            segment = damaged
        for delay_ms in self.fate(self.count, segment):
            self._copies += 1
            at_ns = self.now_ns + int(delay_ms * MS)
            heappush(self._queue, (at_ns, self._copies, to, segment))


def damage(segment: Segment, seed: int) -> Segment | None:
    """Flip a bit on the wire; gives what a receiver that checks the sum would take."""
    data = bytearray(encode_segment(segment, PSEUDO_SUM))
    bit = seed * 7919 % (len(data) * 8)
    data[bit // 8] ^= 1 << bit % 8
    problems = Problems()
    decoded = decode_segment(bytes(data), problems, PSEUDO_SUM)
    return None if problems.found else decoded
