"""Deadlines that all lie equally far ahead: a queue, where others need a heap."""

from collections import deque
from collections.abc import Container, Iterator


class Waits:
    """Tickets in the order of their deadlines; those that are no more ``open`` count no more."""

    __slots__ = ("_delay_s", "_open", "_queue")

    def __init__(self, delay_s: float, open_: Container[int]) -> None:
        self._delay_s = delay_s
        self._open = open_
        self._queue: deque[tuple[float, int]] = deque()

    def add(self, now_s: float, ticket: int) -> None:
        """Begin to wait, on the monotonic clock."""
        self._queue.append((now_s + self._delay_s, ticket))

    def next_s(self) -> float | None:
        """The first deadline; None: there is none."""
        queue = self._queue
        while queue and queue[0][1] not in self._open:
            queue.popleft()
        return queue[0][0] if queue else None

    def due(self, now_s: float) -> Iterator[int]:
        """The tickets whose deadline has come, each once."""
        queue = self._queue
        while queue and queue[0][0] <= now_s:
            _, ticket = queue.popleft()
            if ticket in self._open:
                yield ticket
