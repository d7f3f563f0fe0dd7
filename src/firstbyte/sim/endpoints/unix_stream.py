"""A Unix stream socket: two buffers in one host's memory, which take no time."""

import errno
import os
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


class UnixStreamEndpoint(Endpoint):
    """Fresh, bound, listening, or one end of a connection; behaves as Linux's af_unix.c."""

    is_stream = True

    def __init__(self, host: "Host", family: int) -> None:
        super().__init__(host, family)
        self.local = ("", 0)
        self.inbox = bytearray()
        self.other: UnixStreamEndpoint | None = None
        self._queue: deque[UnixStreamEndpoint] = deque()
        self._backlog = 0
        self.error = 0
        self._read_shut = False
        self._write_shut = False

    # --- connections ----------------------------------------------------------------------------

    def bind(self, address: Address) -> None:
        """Take a name; EINVAL when there is one already."""
        self.check_power()
        if self.local[0]:
            raise os_error(errno.EINVAL)
        self.local = (self.kernel.unix_names.bind(address[0], self), 0)

    def listen(self, backlog: int) -> None:
        """Accept connections to the name."""
        self.check_power()
        if self.other is not None or not self.local[0]:
            raise os_error(errno.EINVAL)
        self.listening = True
        self._backlog = backlog

    def accept(self) -> "UnixStreamEndpoint | None":
        """The oldest of the queue; EINVAL if the socket does not listen."""
        self.check_power()
        if not self.listening:
            raise os_error(errno.EINVAL)
        return self._queue.popleft() if self._queue else None

    def connect(self, address: Address) -> int:
        """Connect at once, or fail at once: EAGAIN when the listener's queue is full."""
        self.check_power()
        if self.other is not None:
            return errno.EISCONN
        if self.listening:
            return errno.EINVAL
        try:
            found = self.kernel.unix_names.find(address[0])
        except OSError as error:
            return error.errno or errno.EINVAL
        if not isinstance(found, UnixStreamEndpoint):
            return errno.EPROTOTYPE
        return found.welcome(self)

    def welcome(self, client: "UnixStreamEndpoint") -> int:
        """``client`` connects to this listener: an errno, or 0."""
        if not self.listening:
            return errno.ECONNREFUSED
        if len(self._queue) > self._backlog:
            return errno.EAGAIN
        child = UnixStreamEndpoint(self.host, self.family)
        child.local = self.local
        child.join(client)
        self._queue.append(child)
        self.refresh()
        return 0

    def join(self, other: "UnixStreamEndpoint") -> None:
        """Become the two ends of one connection."""
        self.other, other.other = other, self
        self.remote, other.remote = other.local, self.local

    # --- data -----------------------------------------------------------------------------------

    def receive(self, limit: int, *, peek: bool) -> tuple[bytes, Address | None] | None:
        """What waits, then the error (once), then ``b""`` at the end."""
        self.check_power()
        if self.inbox:
            data = bytes(self.inbox[:limit])
            if not peek:
                del self.inbox[:limit]
                self._tell_other()
            return data, None
        code = self.take_error()
        if code:
            raise os_error(code)
        if self._read_shut:
            return b"", None
        if self.other is None:
            raise os_error(errno.EINVAL)
        return None

    def send(self, data: Data, target: Address | None) -> int | None:
        """Into the other's buffer; None while it is full."""
        self.check_power()
        if target is not None:
            raise os_error(errno.EISCONN if self.other is not None else errno.EOPNOTSUPP)
        other = self.other
        if other is None:
            raise os_error(errno.ENOTCONN)
        if self._write_shut:
            raise os_error(errno.EPIPE)
        taken = bytes(data[: max(0, self._capacity - len(other.inbox))])
        if data and not taken:
            return None
        other.inbox += taken
        other.refresh()
        return len(taken)

    @property
    def _capacity(self) -> int:
        return self.options.get(SOL, socket.SO_SNDBUF)

    def shutdown(self, *, reading: bool, writing: bool) -> None:
        """End directions at both ends: the peer of who reads no more cannot write."""
        self.shut(reading=reading, writing=writing)
        if self.other is not None:
            self.other.shut(reading=writing, writing=reading)

    def shut(self, *, reading: bool, writing: bool) -> None:
        """End directions at this end."""
        self._read_shut = self._read_shut or reading
        self._write_shut = self._write_shut or writing
        self.refresh()

    def take_error(self) -> int:
        """The pending error, told once."""
        code, self.error = self.error, 0
        return code

    def credentials(self) -> tuple[int, int, int]:
        """All programs of a host are this process."""
        return (
            super().credentials() if self.other is None else (os.getpid(), os.getuid(), os.getgid())
        )

    # --- readiness and the end ------------------------------------------------------------------

    @property
    def ended(self) -> bool:
        """The other has closed or shut down."""
        return self._read_shut

    @property
    def hung_up(self) -> bool:
        """Not connected, or both directions have ended."""
        alone = self.other is None and not self.listening
        return alone or (self._read_shut and self._write_shut)

    @property
    def failed(self) -> bool:
        """The peer left data unread, which was not told yet."""
        return bool(self.error)

    def readiness(self) -> int:
        """As Linux's unix_poll: hung up (both) without a peer; writable with a quarter in use."""
        if not self.kernel.powered:
            return 0
        if self.listening:
            return READ if self._queue else 0
        other = self.other
        if other is None or (self._read_shut and self._write_shut):
            return READ | WRITE
        readable = self.inbox or self._read_shut or self.error
        writable = self._write_shut or 4 * len(other.inbox) <= self._capacity
        return (READ if readable else 0) | (WRITE if writable else 0)

    def _tell_other(self) -> None:
        if self.other is not None:
            self.other.refresh()

    def close(self) -> None:
        """The other reads the rest and the end, or a reset if something was left unread here."""
        super().close()
        self.kernel.unix_names.release(self)
        while self._queue:
            self._queue.popleft().abandon(unread=True)
        self.abandon(unread=bool(self.inbox))

    def abandon(self, *, unread: bool) -> None:
        """Let go of the connection."""
        other = self.other
        if other is not None:
            other.error = errno.ECONNRESET if unread else other.error
            other.shut(reading=True, writing=True)
