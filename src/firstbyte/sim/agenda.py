"""What happens when: a heap ordered by time; of equal times, what set out first comes first.

asyncio's own timer heap compares times alone, so simultaneous entries come out in any order, and
its floats let ``now + resolution == now`` at large times. Packets and timers share this one.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from typing import Any

from firstbyte.sim.clock import Clock


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


NOTHING_LEFT = 1 << 63

Item = tuple[int, int, int, Callable[[Any], object] | None, Any]
"""When, since when, a sequence number; what to call, and with what: None with an ``Entry``."""


class Agenda:
    """Appointments in virtual time, integer nanoseconds; keeping them is what moves the clock."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.since_ns = NOTHING_LEFT
        """Since when the appointment is certain that is being kept. What is due now and set out
        no later has been kept; between two turns that is everything."""
        self._heap: list[Item] = []
        self.sequence = 0
        """How many have been put down."""
        self._cancelled = 0
        self._background = 0

    def __len__(self) -> int:
        """How many stand on the heap; of a lane that is one."""
        return len(self._heap) - self._cancelled

    @property
    def idle(self) -> bool:
        """Whether something is to come, but all of it in the background."""
        return bool(self._background) and len(self) <= self._background

    def add(self, at_ns: int, action: Callable[[], object], *, background: bool = False) -> Entry:
        """Have ``action`` called at ``at_ns``, unless it is cancelled before."""
        entry = Entry(at_ns, action, background)
        if background:
            self._background += 1
        self.sequence += 1
        heappush(self._heap, (at_ns, self._clock.now_ns, self.sequence, None, entry))
        return entry

    def post(
        self, at_ns: int, since_ns: int, action: Callable[[Any], object], subject: object
    ) -> Item:
        """Have ``action(subject)`` called at ``at_ns``: for packets, of which there are many.

        ``since_ns`` is when it sets out: now, or later. It decides among equal times.
        """
        self.sequence += 1
        item = (at_ns, since_ns, self.sequence, action, subject)
        heappush(self._heap, item)
        return item

    def cancel(self, entry: Entry) -> None:
        """Forget ``entry``. Once more than half are forgotten, the heap is cleaned."""
        if entry.cancelled:
            return
        entry.cancelled = True
        if entry.background:
            self._background -= 1
        self._cancelled += 1
        if self._cancelled > 64 and self._cancelled * 2 > len(self._heap):
            # In place, because run_due and lanes hold on to the list.
            self._heap[:] = [item for item in self._heap if item[3] or not item[4].cancelled]
            heapify(self._heap)
            self._cancelled = 0

    def withdraw(self, item: Item) -> None:
        """Forget what was posted. Looks at the whole heap: for what is rare."""
        self._heap.remove(item)
        heapify(self._heap)

    def lane(self, action: Callable[[Any], object]) -> "Lane":
        """A lane for ``action``: see there."""
        return Lane(self, self._heap, action)

    def next_ns(self) -> int | None:
        """The time of the next appointment, or None."""
        heap = self._heap
        while heap and heap[0][3] is None and heap[0][4].cancelled:
            heappop(heap)
            self._cancelled -= 1
        return heap[0][0] if heap else None

    def run_next(self) -> bool:
        """Move the clock to the next appointment, and keep all of that time.

        False when there is none, or none that anybody could be waiting for.
        """
        heap = self._heap
        # Mostly it is a packet, which cannot have been cancelled.
        at_ns = heap[0][0] if heap and heap[0][3] is not None else self.next_ns()
        if at_ns is None or (self._background and self.idle):
            return False
        self._clock.advance_to(at_ns)
        self.run_due()
        return True

    def run_due(self) -> None:
        """Keep every appointment whose time has come."""
        heap, now_ns = self._heap, self._clock.now_ns
        while heap and heap[0][0] <= now_ns:
            _, self.since_ns, _, action, subject = heappop(heap)
            if action is None:
                self._keep_entry(subject)
            else:
                action(subject)
        self.since_ns = NOTHING_LEFT

    def _keep_entry(self, entry: Entry) -> None:
        if entry.cancelled:
            self._cancelled -= 1
            return
        # A later cancel of what has run must not count as one that is still in the heap.
        entry.cancelled = True
        if entry.background:
            self._background -= 1
        entry.action()


class Lane:
    """Appointments that are put down in the order of their times, as the packets on a wire.

    Only the first stands on the heap, which therefore stays small however many are under way.
    Each keeps the place among equal times that it had when it was put down.
    """

    __slots__ = ("_action", "_agenda", "_heap", "_turn", "items")

    def __init__(self, agenda: Agenda, heap: list[Item], action: Callable[[Any], object]) -> None:
        self._agenda = agenda
        self._heap = heap
        self._action = action
        self._turn = self._keep_first
        self.items: deque[Item] = deque()

    def post(self, at_ns: int, since_ns: int, subject: object) -> None:
        """As ``Agenda.post``; neither time may be earlier than that of the one before."""
        agenda = self._agenda
        agenda.sequence += 1
        item = (at_ns, since_ns, agenda.sequence, self._turn, subject)
        if not self.items:
            heappush(self._heap, item)
        self.items.append(item)

    def _keep_first(self, subject: object) -> None:
        items = self.items
        items.popleft()
        if items:
            heappush(self._heap, items[0])
        self._action(subject)

    def cut(self, kept: int) -> None:
        """Forget all but the first ``kept``."""
        if not kept and self.items:
            self._agenda.withdraw(self.items[0])
        while len(self.items) > kept:
            self.items.pop()
