"""UDP behind a socket."""

import errno
import selectors
import socket
from typing import TYPE_CHECKING

from firstbyte.protocols.ip.udp_layer import UdpSocket
from firstbyte.sim.addresses import ANY4, ANY6
from firstbyte.sim.endpoints.base import Address, Data, Endpoint
from firstbyte.sim.errors import os_error
from firstbyte.sim.options import IP, SOL

if TYPE_CHECKING:
    from firstbyte.sim.hosts import Host

READ, WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE

LOOPBACK = {ANY4: "127.0.0.1", ANY6: "::1"}


class DatagramEndpoint(Endpoint):
    """A UDP socket; it takes a port when it is bound, connected, or first sends."""

    protocol = socket.IPPROTO_UDP

    def __init__(self, host: "Host", family: int) -> None:
        super().__init__(host, family)
        self._socket: UdpSocket | None = None
        self._read_shut = False

    def bind(self, address: Address) -> None:
        """Take a port; EADDRINUSE, EADDRNOTAVAIL, EINVAL when there is one already."""
        self.check_power()
        if self._socket is not None:
            raise os_error(errno.EINVAL)
        self._open(address)

    def _open(self, address: Address) -> UdpSocket:
        with self.os_errors():
            opened = self.kernel.stack.udp_bind(
                *address,
                reuse_address=self.flag(SOL, socket.SO_REUSEADDR),
                reuse_port=self.flag(SOL, socket.SO_REUSEPORT),
            )
        self._socket = opened
        self.local = opened.local
        opened.dual = self.dual
        self.kernel.own(opened, self)
        self._apply_options(opened)
        return opened

    def _opened(self) -> UdpSocket:
        return self._socket or self._open(self.local)

    def _apply_options(self, opened: UdpSocket) -> None:
        opened.broadcast = self.flag(SOL, socket.SO_BROADCAST)
        ttl = self.options.get(IP, socket.IP_TTL)
        opened.interface = self.options.device or None
        opened.ttl = None if ttl == self.kernel.stack.settings.ttl else ttl

    def option_changed(self, level: int, name: int) -> None:
        """Broadcasting, the TTL and the device act at once."""
        del level, name
        if self._socket is not None:
            self._apply_options(self._socket)

    def connect(self, address: Address) -> int:
        """Talk to one peer only; nothing is sent."""
        self.check_power()
        target = LOOPBACK.get(address[0], address[0]), address[1]
        if not self.reachable(target):
            return errno.ENETUNREACH
        try:
            with self.os_errors():
                self._opened().connect(target)
        except OSError as error:
            return error.errno or errno.EINVAL
        opened = self._opened()
        self.local, self.remote = opened.local, opened.remote
        return 0

    def send(self, data: Data, target: Address | None) -> int | None:
        """Send one datagram now; a UDP socket is always writable."""
        self.check_power()
        if target is not None:
            target = LOOPBACK.get(target[0], target[0]), target[1]
            if not self.reachable(target):
                raise os_error(errno.ENETUNREACH)
        elif self.remote is None:
            raise os_error(errno.EDESTADDRREQ)
        if target is not None and not target[1]:
            raise os_error(errno.EINVAL)
        with self.os_errors():
            self._opened().send(bytes(data), self.kernel.now_ns, target)
        self.kernel.poll()
        return len(data)

    def receive(self, limit: int, *, peek: bool) -> tuple[bytes, Address | None] | None:
        """The oldest datagram, cut at ``limit``, and its sender."""
        self.check_power()
        opened = self._socket
        if opened is None:
            return None
        with self.os_errors():
            opened.raise_error()
        waiting = opened.queue[0] if opened.queue else None
        received = waiting if peek else opened.receive()
        if received is None:
            return (b"", None) if self._read_shut else None
        return received.data[:limit], received.source

    def shutdown(self, *, reading: bool, writing: bool) -> None:
        """Only a connected socket can be shut down."""
        del writing
        if self.remote is None:
            raise os_error(errno.ENOTCONN)
        self._read_shut = self._read_shut or reading

    def take_error(self) -> int:
        """The pending ICMP error."""
        opened = self._socket
        if opened is None or opened.error is None:
            return 0
        name, opened.error = opened.error, None
        return int(getattr(errno, name))

    def readiness(self) -> int:
        """Always writable; readable with a datagram or an error."""
        opened = self._socket
        if not self.kernel.powered:
            return 0
        if opened is None:
            return WRITE
        readable = opened.queue or opened.error is not None or self._read_shut
        return WRITE | (READ if readable else 0)

    def close(self) -> None:
        """Give the port back."""
        super().close()
        if self._socket is not None:
            self.kernel.disown(self._socket)
            self._socket.close()
