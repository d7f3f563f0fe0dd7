"""Ping sockets (icmp(7): SOCK_DGRAM with IPPROTO_ICMP or IPPROTO_ICMPV6): echoes without root.

What is sent begins with an ICMP header, of which the kernel writes identifier and checksum; what
comes is the answer from its ICMP header on. The identifier is the socket's port.
"""

import errno
import socket

from firstbyte.protocols.ip.icmp_layer import PingSocket
from firstbyte.protocols.ip.icmpv4 import ECHO as ECHO_V4
from firstbyte.protocols.ip.icmpv6 import ECHO as ECHO_V6
from firstbyte.sim.addresses import ANY4, ANY6
from firstbyte.sim.endpoints.base import Address, Data
from firstbyte.sim.endpoints.icmp_options import hops, wants_errors
from firstbyte.sim.endpoints.packets import LOOPBACK, PacketEndpoint
from firstbyte.sim.errors import os_error

HEADER_BYTES = 8


class PingEndpoint(PacketEndpoint[PingSocket]):
    """It takes an identifier when it is bound, connected, or first sends."""

    protocol = socket.IPPROTO_ICMP

    def bind(self, address: Address) -> None:
        """Take an address and an identifier; EADDRNOTAVAIL, EADDRINUSE, EINVAL."""
        self.check_power()
        if self._socket is not None:
            raise os_error(errno.EINVAL)
        unspecified = address[0] in {ANY4, ANY6}
        if not unspecified and not self.kernel.owns(address[0]):
            raise os_error(errno.EADDRNOTAVAIL)
        if address[1] in self.kernel.stack.icmp.pings:
            raise os_error(errno.EADDRINUSE)
        self._open(address)

    def _open(self, address: Address) -> PingSocket:
        with self.os_errors():
            opened = self.kernel.stack.ping_open(address[1] or 1)
        self._socket = opened
        self.local = (address[0], opened.identifier)
        opened.source = None if address[0] in {ANY4, ANY6} else address[0]
        self.kernel.own(opened, self)
        self._apply_options(opened)
        return opened

    def _opened(self) -> PingSocket:
        return self._socket or self._open(self.local)

    def _apply_options(self, opened: PingSocket) -> None:
        opened.ttl = hops(self.options, self.family, self.kernel.stack.settings.ttl)
        opened.errors.wanted = wants_errors(self.options, self.family)

    def connect(self, address: Address) -> int:
        """Talk to one peer only."""
        self.check_power()
        target = LOOPBACK.get(address[0], address[0])
        if (":" in target) != (self.family == socket.AF_INET6):
            return errno.EAFNOSUPPORT
        source = self.kernel.stack.source_for(target)
        if source is None:
            return errno.ENETUNREACH
        opened = self._opened()
        opened.remote, opened.source = target, source
        self.local = (source, opened.identifier)
        self.remote = (target, address[1])
        return 0

    @property
    def peer(self) -> Address | None:
        """As Linux, which takes a peer with port 0 for none."""
        return self.remote if self.remote is not None and self.remote[1] else None

    def send(self, data: Data, target: Address | None) -> int | None:
        """Send one echo request now; EINVAL for anything else."""
        self.check_power()
        peer = target or self.remote
        if peer is None:
            raise os_error(errno.EDESTADDRREQ)
        host = LOOPBACK.get(peer[0], peer[0])
        if (":" in host) != (self.family == socket.AF_INET6):
            raise os_error(errno.EINVAL)
        message = bytes(data)
        echo = ECHO_V6 if ":" in host else ECHO_V4
        if len(message) < HEADER_BYTES or message[:2] != bytes((echo, 0)):
            raise os_error(errno.EINVAL)
        sequence = int.from_bytes(message[6:8], "big")
        with self.os_errors():
            self._opened().send(host, sequence, message[8:], self.kernel.now_ns)
        self.kernel.poll()
        return len(message)

    def receive(self, limit: int, *, peek: bool) -> tuple[bytes, Address | None] | None:
        """The oldest answer, cut at ``limit``, and whose it is."""
        self.check_power()
        opened = self._socket
        if opened is None:
            return None
        with self.os_errors():
            opened.errors.raise_error()
        self._skip_errors(opened)
        pong = (opened.queue[0] if opened.queue else None) if peek else opened.receive()
        if pong is None:
            return (b"", None) if self._read_shut else None
        return pong.data[:limit], (pong.source, 0)

    def _skip_errors(self, opened: PingSocket) -> None:
        """Errors are told by errno and the error queue, not as data."""
        while opened.queue and opened.queue[0].message.is_error:
            opened.queue.popleft()
