"""A Unix datagram socket: a short queue in the host's memory, which takes no time."""

import errno
import selectors
import socket
from collections import deque
from typing import TYPE_CHECKING

from firstbyte.sim.endpoints.base import Address, Data, Endpoint
from firstbyte.sim.errors import os_error
from firstbyte.sim.options import SOL

if TYPE_CHECKING:
    from firstbyte.sim.hosts import Host

READ, WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE

QUEUE_LIMIT = 10
"""Linux's net.unix.max_dgram_qlen."""

OVERHEAD_BYTES = 32
"""What Linux keeps of the send buffer for itself."""


class UnixDatagramEndpoint(Endpoint):
    """Nothing is lost: who sends to a full queue waits."""

    def __init__(self, host: "Host", family: int) -> None:
        super().__init__(host, family)
        self.local = ("", 0)
        self.queue: deque[tuple[bytes, UnixDatagramEndpoint]] = deque()
        self.other: UnixDatagramEndpoint | None = None
        self.waiting: dict[UnixDatagramEndpoint, None] = {}
        """Who found the queue full."""
        self.closed = False
        self.read_shut = False
        self._write_shut = False

    def bind(self, address: Address) -> None:
        """Take a name; EINVAL when there is one already."""
        self.check_power()
        if self.local[0]:
            raise os_error(errno.EINVAL)
        self.local = (self.kernel.unix_names.bind(address[0], self), 0)

    def connect(self, address: Address) -> int:
        """Talk to one peer only."""
        self.check_power()
        try:
            found = self._find(address)
        except OSError as error:
            return error.errno or errno.EINVAL
        self.other, self.remote = found, found.local
        return 0

    def join(self, other: "UnixDatagramEndpoint") -> None:
        """Become a pair."""
        self.other, other.other = other, self
        self.remote, other.remote = other.local, self.local

    def _find(self, address: Address) -> "UnixDatagramEndpoint":
        found = self.kernel.unix_names.find(address[0])
        if not isinstance(found, UnixDatagramEndpoint):
            raise os_error(errno.EPROTOTYPE)
        if found.other not in {None, self}:
            raise os_error(errno.EPERM)
        return found

    def send(self, data: Data, target: Address | None) -> int | None:
        """Into the receiver's queue; None while it is full."""
        self.check_power()
        if self._write_shut:
            raise os_error(errno.EPIPE)
        other = self.other if target is None else self._find(target)
        if other is None:
            raise os_error(errno.ENOTCONN)
        if other.closed:
            self.other = self.remote = None
            raise os_error(errno.ECONNREFUSED)
        if other.read_shut:
            raise os_error(errno.EPIPE)
        if len(data) > self._capacity - OVERHEAD_BYTES:
            raise os_error(errno.EMSGSIZE)
        if other.full:
            other.waiting[self] = None
            return None
        other.queue.append((bytes(data), self))
        other.refresh()
        return len(data)

    @property
    def _capacity(self) -> int:
        return self.options.get(SOL, socket.SO_SNDBUF)

    @property
    def full(self) -> bool:
        """Whether a sender must wait."""
        return len(self.queue) >= QUEUE_LIMIT and not self.closed

    def receive(self, limit: int, *, peek: bool) -> tuple[bytes, Address | None] | None:
        """The oldest datagram, and its sender's name."""
        del limit
        self.check_power()
        if not self.queue:
            return (b"", None) if self.read_shut else None
        data, sender = self.queue[0] if peek else self.queue.popleft()
        self._wake_senders()
        # Linux looks the sender's name up only now.
        return data, sender.local if sender.local[0] else None

    def _wake_senders(self) -> None:
        waiting, self.waiting = self.waiting, {}
        for endpoint in waiting:
            endpoint.refresh()

    def shutdown(self, *, reading: bool, writing: bool) -> None:
        """Only here; ENOTCONN without a peer."""
        if self.other is None:
            raise os_error(errno.ENOTCONN)
        self.read_shut = self.read_shut or reading
        self._write_shut = self._write_shut or writing
        self.refresh()

    def readiness(self) -> int:
        """Readable with a datagram; writable unless the peer's queue is full."""
        if not self.kernel.powered:
            return 0
        other = self.other
        blocked = other is not None and other.full
        if other is not None and blocked:
            other.waiting[self] = None
        return (READ if self.queue or self.read_shut else 0) | (0 if blocked else WRITE)

    def close(self) -> None:
        """Senders are refused from now on."""
        super().close()
        self.closed = True
        self.kernel.unix_names.release(self)
        self._wake_senders()
