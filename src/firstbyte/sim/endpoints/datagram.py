"""UDP behind a socket."""

import errno
import ipaddress
import socket
import struct
from typing import TYPE_CHECKING

from firstbyte.protocols.ip.udp_layer import Received, UdpSocket
from firstbyte.sim.addresses import ANY4
from firstbyte.sim.endpoints import groups
from firstbyte.sim.endpoints.base import Address, Ancillary, Data
from firstbyte.sim.endpoints.icmp_options import discovery, hops, wants_errors
from firstbyte.sim.endpoints.packets import LOOPBACK, PacketEndpoint
from firstbyte.sim.errors import os_error
from firstbyte.sim.options import IP, IP6, IP_PKTINFO, SOL

if TYPE_CHECKING:
    from firstbyte.sim.hosts import Host

MAPPED_PREFIX = bytes(10) + b"\xff\xff"


class DatagramEndpoint(PacketEndpoint[UdpSocket]):
    """A UDP socket; it takes a port when it is bound, connected, or first sends."""

    protocol = socket.IPPROTO_UDP

    def __init__(self, host: "Host", family: int) -> None:
        super().__init__(host, family)
        self._groups: list[str] = []
        self._group_interface: str | None = None
        self._last: Received | None = None

    def bind(self, address: Address) -> None:
        """Take a port; EADDRINUSE, EADDRNOTAVAIL, EINVAL when there is one already."""
        self.check_power()
        if self._socket is not None:
            raise os_error(errno.EINVAL)
        self.require_bindable(address)
        self._open(address)

    def _open(self, address: Address) -> UdpSocket:
        with self.os_errors():
            opened = self.kernel.stack.udp_bind(
                *address,
                reuse_address=self.flag(SOL, socket.SO_REUSEADDR),
                reuse_port=self.flag(SOL, socket.SO_REUSEPORT),
                dual=self.is_dual_at(address),
            )
        self._socket = opened
        self.local = opened.local
        self.kernel.own(opened, self)
        self._apply_options(opened)
        for group in self._groups:
            opened.join(group)
        return opened

    def _opened(self) -> UdpSocket:
        return self._socket or self._open(self.local)

    def _apply_options(self, opened: UdpSocket) -> None:
        if opened.binding is not None:
            opened.binding.reuse_address = self.flag(SOL, socket.SO_REUSEADDR)
        opened.broadcast = self.flag(SOL, socket.SO_BROADCAST)
        opened.interface = self.options.device or None
        opened.ttl = hops(self.options, self.family, self.kernel.stack.settings.ttl)
        opened.errors.wanted = wants_errors(self.options, self.family)
        opened.mtu_discovery = discovery(self.options, self.family)
        opened.group_interface = self._group_interface
        if self.family == socket.AF_INET:
            opened.group_ttl = self.options.get(IP, socket.IP_MULTICAST_TTL)
            opened.group_loop = self.flag(IP, socket.IP_MULTICAST_LOOP)
        else:
            opened.group_ttl = self.options.get(IP6, socket.IPV6_MULTICAST_HOPS)
            opened.group_loop = self.flag(IP6, socket.IPV6_MULTICAST_LOOP)

    def set_group(self, level: int, name: int, value: int | bytes) -> bool:
        """Join and leave groups, and choose the interface of what is sent to them."""
        if (level, name) in groups.JOIN:
            self._join(groups.group_of(level, value))
        elif (level, name) in groups.LEAVE:
            self._leave(groups.group_of(level, value))
        elif (level, name) in groups.INTERFACE:
            self._group_interface = self._interface_named(level, value)
            self.option_changed(level, name)
        else:
            return False
        return True

    def _join(self, group: str) -> None:
        if group in self._groups:
            raise os_error(errno.EADDRINUSE)
        self._groups.append(group)
        if self._socket is not None:
            self._socket.join(group)

    def _leave(self, group: str) -> None:
        if group not in self._groups:
            raise os_error(errno.EADDRNOTAVAIL)
        self._groups.remove(group)
        if self._socket is not None:
            self._socket.leave(group)

    def _interface_named(self, level: int, value: int | bytes) -> str | None:
        interfaces = self.kernel.stack.interfaces
        if level == IP6:
            index = value if isinstance(value, int) else int.from_bytes(value[:4], "little")
            if not 0 <= index <= len(interfaces):
                raise os_error(errno.ENODEV)
            return list(interfaces)[index - 1] if index else None
        address = groups.interface_address(value)
        if address == ANY4:
            return None
        if address == LOOPBACK[ANY4]:
            return next(iter(interfaces))
        for name, interface in interfaces.items():
            if any(held.address == address for held in interface.addresses):
                return name
        raise os_error(errno.EADDRNOTAVAIL)

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
        if self._write_shut:
            raise os_error(errno.EPIPE)
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
        """The oldest datagram, and its sender."""
        del limit
        self.check_power()
        opened = self._socket
        if opened is None:
            return None
        with self.os_errors():
            opened.errors.raise_error()
        waiting = opened.queue[0] if opened.queue else None
        received = waiting if peek else opened.receive()
        self._last = received
        if received is None:
            return (b"", None) if self._read_shut else None
        return received.data, received.source

    def control_messages(self) -> list[Ancillary]:
        """IP_PKTINFO or IPV6_PKTINFO: where the datagram was sent to, and which way it came."""
        last = self._last
        if last is None:
            return []
        names = list(self.kernel.stack.interfaces)
        index = 1 + names.index(last.interface) if last.interface in names else 1
        address = ipaddress.ip_address(last.destination)
        if self.family == socket.AF_INET6 and self.flag(IP6, socket.IPV6_RECVPKTINFO):
            mapped = b"" if address.version == 6 else MAPPED_PREFIX
            packed = struct.pack("16si", mapped + address.packed, index)
            return [(IP6, socket.IPV6_PKTINFO, packed)]
        if self.family == socket.AF_INET and self.flag(IP, IP_PKTINFO):
            return [(IP, IP_PKTINFO, struct.pack("i4s4s", index, address.packed, address.packed))]
        return []
