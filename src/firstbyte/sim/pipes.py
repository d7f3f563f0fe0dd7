"""A link's direction on which nothing is left to chance: every time is known when a packet is sent.

With a queue that only drops what does not fit, and without loss, jitter and the like, it is known
at once when a packet's turn comes, when its last bit leaves and when it arrives. So one appointment
a packet is enough, its arrival, and how full the queue is follows from the times of those before.
"""

from collections import deque
from collections.abc import Callable

from firstbyte.sim.agenda import Agenda, Item
from firstbyte.sim.clock import NS_PER_S
from firstbyte.sim.frames import Unit

Sending = tuple[Unit, int, int]
"""A packet whose transmission is under way, when that began and when it ends."""


def transmission_ns(size_bytes: int, rate_bps: float) -> int:
    """How long it takes until the last bit is on the line."""
    return round(size_bytes * 8 * NS_PER_S / rate_bps)


class Pipe:
    """A drop-tail queue, a rate and a delay. ``arrive`` is called with each packet in its time."""

    def __init__(
        self,
        agenda: Agenda,
        arrive: Callable[[Unit], None],
        rate_bps: float | None,
        delay_ns: int,
        limit_bytes: int,
    ) -> None:
        self._agenda = agenda
        self._arrivals = agenda.lane(arrive)
        self._rate_bps = rate_bps
        self._took_ns: dict[int, int] = {}
        self._delay_ns = delay_ns
        self._limit_bytes = limit_bytes
        self._begins_ns = self._ends_ns = -1
        """Of the last transmission; without a rate there is none, but for one from before."""
        self._waiting: deque[tuple[int, int, int]] = deque()
        """When each one's turn comes, when the one before began, and the size."""
        self._waiting_bytes = 0
        self._taken = 0

    def send(self, packet: Unit, size: int, now_ns: int) -> bool:
        """Send ``packet`` of ``size`` bytes after those before it; false if it does not fit."""
        waiting = self._waiting
        if waiting:
            if waiting[0][0] <= now_ns:
                self._begin(now_ns)
            # As in any drop-tail queue, an empty one takes whatever comes.
            if waiting and self._waiting_bytes + size > self._limit_bytes:
                return False
        begins_ns = self._ends_ns
        if begins_ns > now_ns or (begins_ns == now_ns and self._is_to_come(self._begins_ns)):
            waiting.append((begins_ns, self._begins_ns, size))
            self._waiting_bytes += size
        else:
            begins_ns = now_ns
        ends_ns = begins_ns
        if self._rate_bps is not None:
            ends_ns += self._took_ns.get(size) or self._transmission_ns(size, self._rate_bps)
            self._begins_ns, self._ends_ns = begins_ns, ends_ns
        self._taken += 1
        self._arrivals.post(ends_ns + self._delay_ns, ends_ns, packet)
        return True

    def _transmission_ns(self, size: int, rate_bps: float) -> int:
        """Kept, since a transfer has packets of two sizes, by the million."""
        took_ns = self._took_ns[size] = transmission_ns(size, rate_bps)
        return took_ns

    def _is_to_come(self, began_ns: int) -> bool:
        """Whether a transmission that ends just now has yet to do so, and the next one to begin.

        That is no appointment, but it has its place in the agenda's order.
        """
        return began_ns > self._agenda.since_ns

    def _begin(self, now_ns: int) -> None:
        """Those whose transmission has begun wait no longer."""
        waiting = self._waiting
        while waiting:
            begins_ns, since_ns, size = waiting[0]
            if begins_ns > now_ns or (begins_ns == now_ns and self._is_to_come(since_ns)):
                return
            waiting.popleft()
            self._waiting_bytes -= size

    def go_on(self, packet: Unit, began_ns: int, ends_ns: int) -> None:
        """Begin with a transmission that is under way already."""
        self._begins_ns, self._ends_ns = began_ns, ends_ns
        self._taken += 1
        self._arrivals.post(ends_ns + self._delay_ns, ends_ns, packet)

    def stop(self, now_ns: int) -> tuple[Sending | None, list[Unit], int | None]:
        """Settings change: take back what has not left.

        Gives what is being sent, what waits, and when the last of what has left arrives: None if
        nothing has.
        """
        self._begin(now_ns)
        arrivals = list(self._arrivals.items)
        first = len(arrivals) - len(self._waiting)
        waiting: list[Unit] = [item[4] for item in arrivals[first:]]
        sending = self._under_way(arrivals[first - 1], now_ns) if first else None
        if sending is not None:
            first -= 1
        self._arrivals.cut(first)
        if first:
            return sending, waiting, arrivals[first - 1][0]
        return sending, waiting, now_ns if self._taken > len(arrivals) else None

    def _under_way(self, arrival: Item, now_ns: int) -> Sending | None:
        """The last packet whose transmission has begun, unless that is over."""
        began_ns, ends_ns = self._begins_ns, self._ends_ns
        if self._waiting:
            ends_ns, began_ns, _ = self._waiting[0]
        if not began_ns < ends_ns == arrival[1]:
            return None
        if ends_ns > now_ns or (ends_ns == now_ns and self._is_to_come(began_ns)):
            return arrival[4], began_ns, ends_ns
        return None
