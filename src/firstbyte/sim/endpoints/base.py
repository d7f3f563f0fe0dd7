"""The contract between a socket and what stands behind it."""

import errno
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from firstbyte.protocols.socket_error import SocketError
from firstbyte.sim.addresses import ANY4, ANY6
from firstbyte.sim.errors import os_error
from firstbyte.sim.options import SocketOptions

if TYPE_CHECKING:
    from firstbyte.protocols.ip.icmp_reports import IcmpReport
    from firstbyte.sim.hosts import Host
    from firstbyte.sim.kernel import Kernel
    from firstbyte.sim.sockets import SimSocket

MAX_MTU_V4 = 0xFFFF
"""No IPv4 packet is longer; loopback would take one more octet."""

Address = tuple[str, int]
Ancillary = tuple[int, int, bytes]
"""A control message: level, type, data (cmsg(3))."""
Data = bytes | bytearray | memoryview


class Endpoint:
    """One socket's state in its host's kernel. Calls answer at once or say that they cannot."""

    protocol = 0
    is_stream = False
    listening = False

    def __init__(self, host: "Host", family: int) -> None:
        self.host = host
        self.family = family
        self.kernel: Kernel = host.kernel
        self.local: Address = (ANY4 if family == socket.AF_INET else ANY6, 0)
        self.remote: Address | None = None
        self.sockets: list[SimSocket] = []
        """The program's handles: more than one once it was duplicated."""
        self.options = SocketOptions(
            stream=self.is_stream,
            ipv6=family == socket.AF_INET6,
            unix=family == socket.AF_UNIX,
        )
        self.options.changed = self.option_changed

    def __repr__(self) -> str:
        peer = "" if self.remote is None else f" > {self.remote[0]}:{self.remote[1]}"
        return f"{self.host.name} {self.local[0]}:{self.local[1]}{peer}"

    def attach(self, sock: "SimSocket") -> None:
        """``sock`` is a handle of the program's."""
        self.sockets.append(sock)
        self.kernel.endpoints[self] = None

    def hand_over(self, old: "SimSocket", new: "SimSocket") -> None:
        """``new`` takes the place of the handle ``old``."""
        self.sockets[self.sockets.index(old)] = new

    def release(self, sock: "SimSocket") -> None:
        """The program has closed a handle; with the last one the socket closes."""
        self.sockets.remove(sock)
        if not self.sockets:
            self.close()

    def notified(self, bits: int) -> None:
        """The stack has news."""
        del bits
        for sock in self.sockets:
            sock.refresh()

    def refresh(self) -> None:
        """The kernel changed something: tell who watches."""
        for sock in self.sockets:
            sock.refresh()

    def check_power(self) -> None:
        """A socket of a crashed host is dead: ENETDOWN."""
        if not self.kernel.powered:
            raise os_error(errno.ENETDOWN)

    def flag(self, level: int, name: int) -> bool:
        """Whether an option of the socket is on."""
        return self.options.flag(level, name)

    def reachable(self, address: Address) -> bool:
        """Whether a socket of this family and mode can talk to ``address``."""
        if self.family == socket.AF_INET or ":" in address[0]:
            return True
        return not self.flag(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY)

    def require_bindable(self, address: Address) -> None:
        """EINVAL: a socket that speaks IPv6 alone has no IPv4 address."""
        if not self.reachable(address):
            raise os_error(errno.EINVAL)

    def is_dual_at(self, address: Address) -> bool:
        """Whether, bound to ``address``, it hears IPv4 too: an IPv6 socket on ``::``."""
        if self.family == socket.AF_INET or address[0] != ANY6:
            return False
        return not self.flag(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY)

    @contextmanager
    def os_errors(self) -> Iterator[None]:
        """The stack's errors as the program sees them."""
        try:
            yield
        except SocketError as error:
            raise os_error(int(getattr(errno, error.errno_name))) from None

    # --- what each kind does --------------------------------------------------------------------

    @property
    def peer(self) -> Address | None:
        """The peer as getpeername tells it."""
        return self.remote

    @property
    def ended(self) -> bool:
        """Whether a read would give the end, or an error, for ever."""
        return False

    @property
    def reads_end(self) -> bool:
        """Whether nothing more will arrive (POLLRDHUP)."""
        return self.ended

    @property
    def hung_up(self) -> bool:
        """Whether nothing can go either way any more (POLLHUP)."""
        return False

    @property
    def failed(self) -> bool:
        """Whether an error is pending (POLLERR)."""
        return False

    def set_group(self, level: int, name: int, value: int | bytes) -> bool:
        """Whether that was an option about multicast groups, which is then done."""
        del level, name, value
        return False

    def option_changed(self, level: int, name: int) -> None:
        """An option of the socket was set."""

    def bind(self, address: Address) -> None:
        """Take a local address and port (0: any free one)."""
        raise NotImplementedError

    def listen(self, backlog: int) -> None:  # noqa: ARG002
        """Accept connections."""
        raise os_error(errno.EOPNOTSUPP)

    def accept(self) -> "Endpoint | None":
        """The oldest waiting connection, or None."""
        raise os_error(errno.EOPNOTSUPP)

    def connect(self, address: Address) -> int:
        """Choose the peer; an errno, or 0."""
        raise NotImplementedError

    def shutdown(self, *, reading: bool, writing: bool) -> None:
        """End one or both directions."""
        raise NotImplementedError

    def receive(self, limit: int, *, peek: bool) -> tuple[bytes, Address | None] | None:
        """Data and its sender, or None if there is none yet.

        A stream gives at most ``limit`` bytes, a datagram is whole: the socket cuts it.
        """
        raise NotImplementedError

    def control_messages(self) -> list[Ancillary]:
        """What the options asked to be told of the datagram that was received last."""
        return []

    def send(self, data: Data, target: Address | None) -> int | None:
        """How many bytes were taken; None: no room now."""
        raise NotImplementedError

    def take_error(self) -> int:
        """SO_ERROR: the pending error, which is then gone."""
        return 0

    def take_report(self) -> "IcmpReport | None":
        """The oldest of the error queue (IP_RECVERR)."""
        return None

    def path_mtu(self) -> int:
        """IP_MTU: the MTU of the path to the peer, as far as it is known; ENOTCONN without one."""
        if self.remote is None:
            raise os_error(errno.ENOTCONN)
        transmitter = self.kernel.stack.transmitter
        with self.os_errors():
            path = transmitter.require_path(self.remote[0])
        mtu = transmitter.mtu_to(path, self.kernel.now_ns)
        return mtu if ":" in self.remote[0] else min(mtu, MAX_MTU_V4)

    def tcp_info(self) -> bytes:
        """``struct tcp_info``."""
        raise os_error(errno.ENOPROTOOPT)

    def credentials(self) -> tuple[int, int, int]:
        """SO_PEERCRED: the process, user and group at the other end; of Unix sockets alone."""
        return 0, -1, -1

    def segment_bytes(self) -> int | None:
        """TCP_MAXSEG of a connection."""
        return None

    def readiness(self) -> int:
        """EVENT_READ and EVENT_WRITE."""
        return 0

    def close(self) -> None:
        """The program let go."""
        self.kernel.endpoints.pop(self, None)
