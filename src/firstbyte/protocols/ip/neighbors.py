"""Who on the link has this address? ARP (RFC 826) and neighbour discovery (RFC 4861, 7.3).

Pure bookkeeping: the host sends what :attr:`Neighbors.requests` lists. An entry is incomplete
while asked for, reachable for a while after an answer, then stale: still used, but asked again.
"""

from collections import deque
from enum import Enum
from typing import NamedTuple

from firstbyte.protocols.ip.packet import Packet
from firstbyte.protocols.ip.settings import HostSettings
from firstbyte.protocols.tcp.timers import NEVER


class Reachability(Enum):
    """What is known of a neighbour (RFC 4861, section 7.3.2, without DELAY)."""

    INCOMPLETE = "incomplete"
    REACHABLE = "reachable"
    PROBE = "probe"
    PERMANENT = "permanent"


class Neighbor:
    """One neighbour on one interface."""

    __slots__ = ("address", "deadline_ns", "interface", "mac", "probes", "queue", "state")

    def __init__(self, interface: str, address: str) -> None:
        self.interface = interface
        self.address = address
        self.mac: bytes | None = None
        self.state = Reachability.INCOMPLETE
        self.deadline_ns = NEVER
        """When to ask again (incomplete, probe), or from when to doubt (reachable)."""
        self.probes = 0
        self.queue: deque[Packet] = deque()


class Request(NamedTuple):
    """Ask who has ``address`` on ``interface``; of ``mac`` alone if it is known."""

    interface: str
    address: str
    mac: bytes | None


class Neighbors:
    """The cache of a host. ``deadline`` is when :meth:`expire` has something to do."""

    def __init__(self, settings: HostSettings) -> None:
        self._settings = settings
        self.entries: dict[tuple[str, str], Neighbor] = {}
        self._asking: dict[tuple[str, str], Neighbor] = {}
        self.requests: list[Request] = []
        self.crowded_out: list[tuple[Packet, str]] = []
        """Packets that waited, and had to make room; with the interface."""
        self.deadline = NEVER

    def add_permanent(self, interface: str, address: str, mac: bytes) -> None:
        """An entry that is never asked for and never ends."""
        entry = self.get(interface, address)
        entry.state = Reachability.PERMANENT
        entry.mac = mac
        self._asking.pop((interface, address), None)

    def get(self, interface: str, address: str) -> Neighbor:
        """The entry for an address, made if there is none."""
        key = (interface, address)
        entry = self.entries.get(key)
        if entry is None:
            entry = self.entries[key] = Neighbor(interface, address)
        return entry

    def resolve(self, entry: Neighbor, packet: Packet, now_ns: int) -> bytes | None:
        """The MAC to send ``packet`` to; or ``None``, and the packet waits (or the oldest goes)."""
        state = entry.state
        if state is Reachability.INCOMPLETE:
            if len(entry.queue) >= self._settings.neighbor_queue:
                self.crowded_out.append((entry.queue.popleft(), entry.interface))
            entry.queue.append(packet)
            if (entry.interface, entry.address) not in self._asking:
                self._ask(entry, now_ns)
            return None
        if state is Reachability.REACHABLE and now_ns >= entry.deadline_ns:
            entry.state = Reachability.PROBE
            entry.probes = 0
            self._ask(entry, now_ns)
        return entry.mac

    def learn(
        self, interface: str, address: str, mac: bytes, now_ns: int, *, create: bool
    ) -> list[Packet]:
        """``address`` is at ``mac``; gives the packets that waited for it."""
        key = (interface, address)
        entry = self.entries.get(key)
        if entry is None and not create:
            return []
        entry = entry or self.get(interface, address)
        if entry.state is Reachability.PERMANENT:
            return []
        entry.mac = mac
        entry.state = Reachability.REACHABLE
        entry.probes = 0
        entry.deadline_ns = now_ns + self._settings.neighbor_reachable_ns
        self._asking.pop(key, None)
        self._update_deadline()
        waiting = list(entry.queue)
        entry.queue.clear()
        return waiting

    def expire(self, now_ns: int) -> list[Neighbor]:
        """Ask again where there was no answer; gives the entries that are given up."""
        if now_ns < self.deadline:
            return []
        failed = []
        for entry in list(self._asking.values()):
            if now_ns < entry.deadline_ns:
                continue
            if entry.probes >= self._settings.neighbor_probes:
                self._give_up(entry)
                failed.append(entry)
            else:
                self._ask(entry, now_ns)
        self._update_deadline()
        return failed

    def _give_up(self, entry: Neighbor) -> None:
        """Forget it. The object may still be held by sockets: it starts again from incomplete."""
        key = (entry.interface, entry.address)
        del self._asking[key]
        entry.state = Reachability.INCOMPLETE
        entry.mac = None
        entry.probes = 0
        entry.deadline_ns = NEVER

    def _ask(self, entry: Neighbor, now_ns: int) -> None:
        entry.probes += 1
        entry.deadline_ns = now_ns + self._settings.neighbor_interval_ns
        self._asking[entry.interface, entry.address] = entry
        self.requests.append(Request(entry.interface, entry.address, entry.mac))
        self.deadline = min(self.deadline, entry.deadline_ns)

    def _update_deadline(self) -> None:
        self.deadline = min((e.deadline_ns for e in self._asking.values()), default=NEVER)
