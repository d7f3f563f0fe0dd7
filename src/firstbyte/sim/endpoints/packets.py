"""What UDP sockets and ping sockets have in common: a queue of packets, and ICMP's errors."""

import errno
import selectors
from typing import Generic, TypeVar

from firstbyte.protocols.ip.icmp_layer import PingSocket
from firstbyte.protocols.ip.icmp_reports import IcmpReport
from firstbyte.protocols.ip.udp_layer import UdpSocket
from firstbyte.sim.addresses import ANY4, ANY6
from firstbyte.sim.endpoints.base import Endpoint
from firstbyte.sim.errors import os_error

READ, WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE
LOOPBACK = {ANY4: "127.0.0.1", ANY6: "::1"}
S = TypeVar("S", UdpSocket, PingSocket)


class PacketEndpoint(Endpoint, Generic[S]):
    """The stack's socket is opened when it is bound, connected, or first sends."""

    _socket: S | None = None
    _read_shut = False
    _write_shut = False

    def _apply_options(self, opened: S) -> None:
        """Tell the stack's socket what the options say."""
        raise NotImplementedError

    def _skip_errors(self, opened: S) -> None:
        """Take what is no data out of the queue."""

    def option_changed(self, level: int, name: int) -> None:
        """What the options say acts at once."""
        del level, name
        if self._socket is not None:
            self._apply_options(self._socket)

    def shutdown(self, *, reading: bool, writing: bool) -> None:
        """Only a connected socket can be shut down."""
        if self.remote is None:
            raise os_error(errno.ENOTCONN)
        self._read_shut = self._read_shut or reading
        self._write_shut = self._write_shut or writing

    def take_error(self) -> int:
        """The pending ICMP error."""
        name = None if self._socket is None else self._socket.errors.take_error()
        return 0 if name is None else int(getattr(errno, name))

    def take_report(self) -> IcmpReport | None:
        """The oldest of the error queue."""
        return None if self._socket is None else self._socket.errors.take_report()

    def readiness(self) -> int:
        """Always writable; readable with a packet or an error."""
        opened = self._socket
        if not self.kernel.powered:
            return 0
        if opened is None:
            return WRITE
        self._skip_errors(opened)
        readable = opened.queue or opened.errors or self._read_shut
        return WRITE | (READ if readable else 0)

    def close(self) -> None:
        """Give the port or the identifier back."""
        super().close()
        if self._socket is not None:
            self.kernel.disown(self._socket)
            self._socket.close()
