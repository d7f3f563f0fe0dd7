"""What happens when: a heap ordered by (time, sequence), so equal times keep their order.

asyncio's own timer heap compares times alone, so simultaneous entries come out in any order, and
its floats let ``now + resolution == now`` at large times. Packets and timers share this one.
"""

import heapq
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(slots=True, eq=False)
class Entry:
    """One appointment; ``cancelled`` ones are skipped when their time comes.

    ``background`` ones, such as the renewal of a lease, never end a wait: when there are no
    others left, nothing that anybody waits for can happen any more.
    """

    at_ns: int
    action: Callable[[], object]
    background: bool = False
    cancelled: bool = False


class Agenda:
    """Appointments in virtual time, integer nanoseconds, first in first out on equal times."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, Entry]] = []
        self._sequence = 0
        self._cancelled = 0
        self._background = 0

    def __len__(self) -> int:
        return len(self._heap) - self._cancelled

    @property
    def idle(self) -> bool:
        """Whether something is to come, but all of it in the background."""
        return bool(self._background) and len(self) <= self._background

    def add(self, at_ns: int, action: Callable[[], object], *, background: bool = False) -> Entry:
        """Have ``action`` called at ``at_ns``."""
        entry = Entry(at_ns, action, background)
        if background:
            self._background += 1
        self._sequence += 1
        heapq.heappush(self._heap, (at_ns, self._sequence, entry))
        return entry

    def cancel(self, entry: Entry) -> None:
        """Forget ``entry``. Once more than half are forgotten, the heap is cleaned."""
        if entry.cancelled:
            return
        entry.cancelled = True
        if entry.background:
            self._background -= 1
        self._cancelled += 1
        if self._cancelled > 64 and self._cancelled * 2 > len(self._heap):
            self._heap = [item for item in self._heap if not item[2].cancelled]
            heapq.heapify(self._heap)
            self._cancelled = 0

    def next_ns(self) -> int | None:
        """The time of the next appointment, or None."""
        while self._heap and self._heap[0][2].cancelled:
            heapq.heappop(self._heap)
            self._cancelled -= 1
        return self._heap[0][0] if self._heap else None

    def pop_due(self, now_ns: int) -> Entry | None:
        """Take out the next appointment whose time has come, or None."""
        heap = self._heap
        while heap and heap[0][0] <= now_ns:
            entry = heapq.heappop(heap)[2]
            if not entry.cancelled:
                break
            self._cancelled -= 1
        else:
            return None
        # A later cancel of what has run must not count as one that is still in the heap.
        entry.cancelled = True
        if entry.background:
            self._background -= 1
        return entry
