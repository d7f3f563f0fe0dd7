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
        self._arrive = arrive
        self._rate_bps = rate_bps
        self._took_ns: dict[int, int] = {}
        self._delay_ns = delay_ns
        self._limit_bytes = limit_bytes
        self._begins_ns = self._ends_ns = -1
        """Of the last transmission; without a rate there is none, but for one from before."""
        self._waiting: deque[tuple[int, int, int, Item]] = deque()
        """When each one's turn comes and the one before began, the size, and the arrival."""
        self._waiting_bytes = 0
        self._begun: tuple[int, Item | None] = (0, None)
        """The last whose transmission has begun: when, and its arrival."""
        self._begun_before: Item | None = None

    def send(self, packet: Unit, size: int, now_ns: int) -> bool:
        """Send ``packet`` of ``size`` bytes after those before it; false if it does not fit."""
        if self._waiting:
            if self._waiting[0][0] <= now_ns:
                self._begin(now_ns)
            # As in any drop-tail queue, an empty one takes whatever comes.
            if self._waiting and self._waiting_bytes + size > self._limit_bytes:
                return False
        begins_ns, since_ns = now_ns, self._begins_ns
        waits = self._ends_ns > now_ns
        if self._ends_ns == now_ns:
            waits = self._is_to_come(now_ns, since_ns, now_ns)
        if waits:
            begins_ns = self._ends_ns
        ends_ns = begins_ns
        if self._rate_bps is not None:
            ends_ns += self._took_ns.get(size) or self._transmission_ns(size, self._rate_bps)
            self._begins_ns, self._ends_ns = begins_ns, ends_ns
        arrival = self._agenda.post(ends_ns + self._delay_ns, ends_ns, self._arrive, packet)
        if waits:
            self._waiting.append((begins_ns, since_ns, size, arrival))
            self._waiting_bytes += size
        else:
            self._begun_before, self._begun = self._begun[1], (begins_ns, arrival)
        return True

    def _transmission_ns(self, size: int, rate_bps: float) -> int:
        """Kept, since a transfer has packets of two sizes, by the million."""
        took_ns = self._took_ns[size] = transmission_ns(size, rate_bps)
        return took_ns

    def _is_to_come(self, at_ns: int, since_ns: int, now_ns: int) -> bool:
        """Whether a transmission that began at ``since_ns`` has yet to end, and the next to begin.

        That is no appointment, but has its place in the agenda's order, should it be just now.
        """
        return at_ns > now_ns or (at_ns == now_ns and since_ns > self._agenda.since_ns)

    def _begin(self, now_ns: int) -> None:
        """Those whose transmission has begun wait no longer."""
        waiting = self._waiting
        while waiting and not self._is_to_come(*waiting[0][:2], now_ns):
            begins_ns, _, size, arrival = waiting.popleft()
            self._waiting_bytes -= size
            self._begun_before, self._begun = self._begun[1], (begins_ns, arrival)

    def go_on(self, packet: Unit, began_ns: int, ends_ns: int) -> None:
        """Begin with a transmission that is under way already."""
        self._begins_ns, self._ends_ns = began_ns, ends_ns
        arrival = self._agenda.post(ends_ns + self._delay_ns, ends_ns, self._arrive, packet)
        self._begun = (began_ns, arrival)

    def stop(self, now_ns: int) -> tuple[Sending | None, list[Unit], int]:
        """Settings change: take back what has not left.

        Gives what is being sent, what waits, and when the last of what has left arrives.
        """
        self._begin(now_ns)
        began_ns, begun = self._begun
        arrivals = [arrival for _, _, _, arrival in self._waiting]
        waiting: list[Unit] = [arrival[4] for arrival in arrivals]
        # What takes no time has left.
        if begun and begun[1] > began_ns and self._is_to_come(begun[1], began_ns, now_ns):
            sending, left = (begun[4], began_ns, begun[1]), self._begun_before
            arrivals.append(begun)
        else:
            sending, left = None, begun
        self._agenda.withdraw(arrivals)
        return sending, waiting, 0 if left is None else left[0]
