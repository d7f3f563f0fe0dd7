"""What waits in front of a link that is slower than its senders: drop-tail, or CoDel."""

import math
from collections import deque
from typing import Literal, NamedTuple, Protocol

from firstbyte.sim.frames import Unit

QueueKind = Literal["drop_tail", "codel"]

DEFAULT_QUEUE_BYTES = 1_500_000
"""1,000 full packets: the length of a Linux interface's queue unless told otherwise."""

CODEL_TARGET_NS = 5_000_000
CODEL_INTERVAL_NS = 100_000_000
"""RFC 8289, sections 4.2 and 4.3."""


class Waiting(NamedTuple):
    """A packet in a queue, its size in bytes, and when it came."""

    packet: Unit
    size: int
    came_ns: int


class Queue(Protocol):
    """Units that wait for the link."""

    @property
    def waiting_bytes(self) -> int:
        """Bytes that wait now."""

    def push(self, packet: Unit, size: int, now_ns: int) -> bool:
        """Let ``packet`` of ``size`` bytes wait; false if there is no room for it."""

    def pop(self, now_ns: int) -> tuple[Waiting | None, list[Unit]]:
        """The next packet to send, if any, and those thrown away before it."""


class DropTail:
    """First in, first out, until ``limit_bytes`` wait; what comes then is lost."""

    def __init__(self, limit_bytes: int) -> None:
        self.limit_bytes = limit_bytes
        self.waiting_bytes = 0
        self._waiting: deque[Waiting] = deque()

    def push(self, packet: Unit, size: int, now_ns: int) -> bool:
        """Let ``packet`` wait if it fits; an empty queue takes any."""
        if self._waiting and self.waiting_bytes + size > self.limit_bytes:
            return False
        self._waiting.append(Waiting(packet, size, now_ns))
        self.waiting_bytes += size
        return True

    def pop(self, now_ns: int) -> tuple[Waiting | None, list[Unit]]:  # noqa: ARG002
        """The oldest."""
        return self.take(), []

    def take(self) -> Waiting | None:
        """The oldest, or None."""
        if not self._waiting:
            return None
        entry = self._waiting.popleft()
        self.waiting_bytes -= entry.size
        return entry


class CoDel:
    """Controlled delay (RFC 8289): packets are dropped once they wait too long for too long.

    When the wait stays above the target for an interval, it drops one packet, and then further
    ones at times that come closer with the square root of their count, until the wait is short.
    """

    def __init__(self, limit_bytes: int, mtu: int = 1500) -> None:
        self._fifo = DropTail(limit_bytes)
        self._mtu = mtu
        self._above_since_ns: int | None = None
        self._dropping = False
        self._next_drop_ns = 0
        self._count = 0
        self._last_count = 0

    @property
    def waiting_bytes(self) -> int:
        """Bytes that wait now."""
        return self._fifo.waiting_bytes

    def push(self, packet: Unit, size: int, now_ns: int) -> bool:
        """Let ``packet`` wait if it fits."""
        return self._fifo.push(packet, size, now_ns)

    def pop(self, now_ns: int) -> tuple[Waiting | None, list[Unit]]:
        """The next packet, after dropping those that the control law says (RFC 8289, 5.5)."""
        dropped: list[Unit] = []
        packet, may_drop = self._take(now_ns)
        if self._dropping:
            packet = self._go_on_dropping(packet, may_drop, now_ns, dropped)
        elif packet is not None and may_drop:
            dropped.append(packet.packet)
            packet, _ = self._take(now_ns)
            self._begin_dropping(now_ns)
        return packet, dropped

    def _take(self, now_ns: int) -> tuple[Waiting | None, bool]:
        """The oldest packet, and whether the wait has been too long for a whole interval."""
        entry = self._fifo.take()
        if entry is None:
            self._above_since_ns = None
            return None, False
        if now_ns - entry.came_ns < CODEL_TARGET_NS or self.waiting_bytes <= self._mtu:
            self._above_since_ns = None
            return entry, False
        if self._above_since_ns is None:
            self._above_since_ns = now_ns + CODEL_INTERVAL_NS
            return entry, False
        return entry, now_ns >= self._above_since_ns

    def _begin_dropping(self, now_ns: int) -> None:
        self._dropping = True
        # Soon after the last episode, go on near the rate that controlled the queue then.
        recent = now_ns - self._next_drop_ns < 16 * CODEL_INTERVAL_NS
        delta = self._count - self._last_count
        self._count = delta if delta > 1 and recent else 1
        self._next_drop_ns = self._control_law(now_ns)
        self._last_count = self._count

    def _go_on_dropping(
        self, packet: Waiting | None, may_drop: bool, now_ns: int, dropped: list[Unit]
    ) -> Waiting | None:
        if not may_drop:
            self._dropping = False
        while self._dropping and now_ns >= self._next_drop_ns and packet is not None:
            dropped.append(packet.packet)
            self._count += 1
            packet, may_drop = self._take(now_ns)
            if may_drop:
                self._next_drop_ns = self._control_law(self._next_drop_ns)
            else:
                self._dropping = False
        return packet

    def _control_law(self, from_ns: int) -> int:
        return from_ns + round(CODEL_INTERVAL_NS / math.sqrt(self._count))


def limit_of(limit_bytes: int | None) -> int:
    """The most that may wait; without a limit, Linux's usual length."""
    return DEFAULT_QUEUE_BYTES if limit_bytes is None else limit_bytes


def make_queue(kind: QueueKind, limit_bytes: int | None, mtu: int) -> Queue:
    """A queue of ``kind``."""
    limit = limit_of(limit_bytes)
    return DropTail(limit) if kind == "drop_tail" else CoDel(limit, mtu)
