"""UDP in a host: sockets with bounded queues, and who gets which datagram."""

from collections import deque
from typing import NamedTuple

from firstbyte.protocols.ip import addresses
from firstbyte.protocols.ip.icmp_reports import ErrorQueue, IcmpReport, MtuDiscovery
from firstbyte.protocols.ip.ipv4 import Ipv4
from firstbyte.protocols.ip.notify import ERROR, READABLE, Notices
from firstbyte.protocols.ip.packet import UDP, Packet
from firstbyte.protocols.ip.ports import Binding, PortTable
from firstbyte.protocols.ip.settings import HostSettings
from firstbyte.protocols.ip.transmit import Path, Transmitter
from firstbyte.protocols.ip.udp import Datagram
from firstbyte.protocols.socket_error import SocketError

Endpoint = tuple[str, int]
MAX_PAYLOAD_V4, MAX_PAYLOAD_V6 = 65_507, 65_527
OVERHEAD_BYTES = 512
"""What a queued datagram costs besides its bytes, so that empty ones are bounded too."""


class Received(NamedTuple):
    """A datagram as it came in."""

    data: bytes
    source: Endpoint
    destination: str
    interface: str
    ttl: int


class UdpSocket:
    """A bound socket. ``remote`` is set when it is connected: then only that peer is heard."""

    __slots__ = (
        "_layer",
        "binding",
        "broadcast",
        "closed",
        "dual",
        "errors",
        "group_interface",
        "group_loop",
        "group_ttl",
        "groups",
        "interface",
        "label",
        "local",
        "mtu_discovery",
        "pending",
        "queue",
        "queued_bytes",
        "remote",
        "ttl",
    )

    def __init__(self, layer: "UdpLayer", local: Endpoint) -> None:
        self._layer = layer
        self.local = local
        self.remote: Endpoint | None = None
        self.interface: str | None = None
        """Only packets of this interface; broadcasts leave by it [SO_BINDTODEVICE]."""
        self.broadcast = False
        """May send to broadcast addresses [SO_BROADCAST]."""
        self.dual = False
        self.ttl: int | None = None
        self.groups: set[str] = set()
        """Multicast groups that it has joined."""
        self.group_interface: str | None = None
        """By which multicast leaves [IP_MULTICAST_IF]; null: by the route, or the link there is."""
        self.group_ttl = 1
        self.group_loop = True
        """Members on this host hear what it sends [IP_MULTICAST_LOOP]."""
        self.binding: Binding | None = None
        self.queue: deque[Received] = deque()
        self.queued_bytes = 0
        self.errors = ErrorQueue()
        self.mtu_discovery = MtuDiscovery.WANT
        self.label: str | None = None
        self.pending = 0
        self.closed = False

    def connect(self, remote: Endpoint) -> None:
        """Send to ``remote`` by default, hear only it, and learn of its ICMP errors."""
        self._layer.connect(self, remote)

    def send(self, data: bytes, now_ns: int, destination: Endpoint | None = None) -> None:
        """Send a datagram. Raises :class:`SocketError` (also a pending asynchronous error)."""
        self._layer.send(self, data, destination, now_ns)

    def receive(self) -> Received | None:
        """The oldest unread datagram. Raises :class:`SocketError` for a pending error."""
        self.errors.raise_error()
        if not self.queue:
            return None
        received = self.queue.popleft()
        self.queued_bytes -= len(received.data) + OVERHEAD_BYTES
        return received

    def join(self, group: str) -> None:
        """Hear a multicast group. Raises :class:`SocketError` EINVAL, EADDRINUSE."""
        self._layer.join(self, addresses.canonical(group))

    def leave(self, group: str) -> None:
        """Hear it no more. Raises :class:`SocketError` EADDRNOTAVAIL if it was not joined."""
        self._layer.leave(self, addresses.canonical(group))

    def close(self) -> None:
        """Give the port back; what was not read is lost."""
        self._layer.close(self)


class UdpLayer:
    """All UDP sockets of a host."""

    def __init__(
        self, settings: HostSettings, secret: bytes, transmitter: Transmitter, notices: Notices
    ) -> None:
        self._settings = settings
        self._transmitter = transmitter
        self._notices = notices
        self.ports = PortTable(*settings.ephemeral_ports, secret)
        self.sockets: dict[int, list[UdpSocket]] = {}
        self._members: dict[str, int] = {}

    def join(self, socket: UdpSocket, group: str) -> None:
        """See :meth:`UdpSocket.join`. The host joins on all of its interfaces."""
        if not addresses.is_multicast(group):
            raise SocketError("EINVAL", f"{group} is no multicast group")
        if group in socket.groups:
            raise SocketError("EADDRINUSE", f"{group} was joined already")
        socket.groups.add(group)
        self._members[group] = self._members.get(group, 0) + 1
        self._transmitter.groups.add(group)

    def leave(self, socket: UdpSocket, group: str) -> None:
        """See :meth:`UdpSocket.leave`."""
        if group not in socket.groups:
            raise SocketError("EADDRNOTAVAIL", f"{group} was not joined")
        socket.groups.remove(group)
        self._members[group] -= 1
        if not self._members[group]:
            del self._members[group]
            self._transmitter.groups.discard(group)

    def bind(
        self, address: str, port: int, *, reuse_port: bool, reuse_address: bool, dual: bool
    ) -> UdpSocket:
        """See :meth:`Host.udp_bind`."""
        if not self._may_bind(address):
            raise SocketError("EADDRNOTAVAIL", f"{address} is not an address of this host")
        port = port or self._free_port(address)
        binding = Binding(
            address, port, reuse_address=reuse_address, reuse_port=reuse_port, dual=dual
        )
        self.ports.bind(binding)
        socket = UdpSocket(self, (address, port))
        socket.dual = dual
        socket.binding = binding
        self.sockets.setdefault(port, []).append(socket)
        return socket

    def connect(self, socket: UdpSocket, remote: Endpoint) -> None:
        """See :meth:`UdpSocket.connect`."""
        address = addresses.canonical(remote[0])
        path = self._transmitter.require_path(address)
        socket.remote = (address, remote[1])
        if addresses.is_unspecified(socket.local[0]):
            socket.local = (path.source, socket.local[1])

    def close(self, socket: UdpSocket) -> None:
        """See :meth:`UdpSocket.close`."""
        if socket.closed or socket.binding is None:
            return
        socket.closed = True
        for group in list(socket.groups):
            self.leave(socket, group)
        self.ports.release(socket.binding)
        same = self.sockets[socket.local[1]]
        same.remove(socket)
        if not same:
            del self.sockets[socket.local[1]]

    def send(
        self, socket: UdpSocket, data: bytes, destination: Endpoint | None, now_ns: int
    ) -> None:
        """See :meth:`UdpSocket.send`."""
        target = destination or socket.remote
        if target is None:
            raise SocketError("EDESTADDRREQ", "no destination")
        address = addresses.canonical(target[0])
        limit = MAX_PAYLOAD_V4 if addresses.version(address) == 4 else MAX_PAYLOAD_V6
        if len(data) > limit:
            raise SocketError("EMSGSIZE", f"{len(data)} bytes do not fit a datagram")
        socket.errors.raise_error()
        path = self._path(socket, address)
        source = None if addresses.is_unspecified(socket.local[0]) else socket.local[0]
        if source is not None and not self._may_bind(source):
            # The address was taken away since; measured on Linux 6.18.
            raise SocketError("ENETUNREACH", f"{source} is no longer an address of this host")
        header = self._transmitter.header(path, UDP, source=source)
        if socket.ttl is not None:
            header.ttl = socket.ttl
        if addresses.is_multicast(address):
            header.ttl = socket.group_ttl
        datagram = Datagram(socket.local[1], target[1], bytes(data))
        packet = Packet(header, datagram)
        self._send_sized(socket.mtu_discovery, path, packet, now_ns)
        if socket.group_loop and address in self._members and path.interface is not None:
            self.receive(packet, datagram, path.interface.name)

    def _send_sized(self, discovery: MtuDiscovery, path: Path, packet: Packet, now_ns: int) -> None:
        """Whole, in pieces, or not at all, as the socket wants it."""
        known = self._transmitter.mtu_to(path, now_ns)
        mtu = path.mtu if discovery is MtuDiscovery.PROBE else known
        if discovery in {MtuDiscovery.DO, MtuDiscovery.PROBE} and packet.size > mtu:
            raise SocketError("EMSGSIZE", f"{packet.size} bytes, and the path takes {mtu}")
        if discovery is MtuDiscovery.DONT and isinstance(packet.ip, Ipv4):
            packet.ip.dont_fragment = False
            mtu = path.mtu
        self._transmitter.send_within(path, packet, mtu, now_ns)

    def _path(self, socket: UdpSocket, address: str) -> Path:
        if self._transmitter.is_broadcast(address) and not socket.broadcast:
            raise SocketError("EACCES", "broadcast was not allowed on this socket")
        multicast = addresses.is_multicast(address)
        if multicast or address == addresses.BROADCAST:
            chosen = socket.group_interface if multicast else None
            name = socket.interface or chosen or self._group_interface(address)
            return self._transmitter.group_path(name, address)
        if socket.interface is not None and self._transmitter.is_group(address):
            return self._transmitter.group_path(socket.interface, address)
        return self._transmitter.require_path(address)

    def _group_interface(self, address: str) -> str:
        """By the route; without one by the first link with addresses of its own, or the last."""
        path = self._transmitter.path(address)
        if path is not None and path.interface is not None:
            return path.interface.name
        known = [one for one in self._transmitter.interfaces.values() if one.up]
        if not known:
            raise SocketError("ENETUNREACH", f"no interface for {address}")
        return next((one for one in known if one.mac is not None), known[-1]).name

    def receive(self, packet: Packet, datagram: Datagram, interface: str) -> bool:
        """A datagram for us; false when nobody has that port."""
        header = packet.ip
        if header is None:
            return True
        source = (header.source, datagram.source_port)
        candidates = [
            s
            for s in self.sockets.get(datagram.destination_port, ())
            if _hears(s, header.destination, source, interface)
        ]
        if not candidates:
            return False
        group = self._transmitter.is_group(header.destination)
        received = Received(datagram.payload, source, header.destination, interface, header.ttl)
        chosen = candidates if group else [max(candidates, key=_precision)]
        for socket in chosen:
            self._deliver(socket, received, packet)
        return True

    def _deliver(self, socket: UdpSocket, received: Received, packet: Packet) -> None:
        cost = len(received.data) + OVERHEAD_BYTES
        if socket.queued_bytes + cost > self._settings.udp_buffer_bytes:
            self._transmitter.drop(packet, "udp_buffer_full", "socket")
            return
        socket.queue.append(received)
        socket.queued_bytes += cost
        self._notices.add(socket, READABLE)

    def icmp_error(self, source: Endpoint, report: IcmpReport) -> UdpSocket | None:
        """ICMP reports trouble with a datagram that was sent from ``source``."""
        for socket in self.sockets.get(source[1], ()):
            if socket.local[0] != source[0] and not addresses.is_unspecified(socket.local[0]):
                continue
            if socket.remote is not None and socket.remote != report.destination:
                continue
            self._tell(socket, report)
            return socket
        return None

    def _tell(self, socket: UdpSocket, report: IcmpReport) -> None:
        if report.mtu is not None and socket.mtu_discovery is MtuDiscovery.DONT:
            return
        if socket.errors.note(report, connected=socket.remote is not None):
            self._notices.add(socket, ERROR)

    def _may_bind(self, address: str) -> bool:
        return (
            addresses.is_unspecified(address)
            or self._transmitter.is_local(address)
            or addresses.is_multicast(address)
        )

    def _free_port(self, address: str) -> int:
        for port in self.ports.candidates(address, ("", 0)):
            if not self.ports.is_bound(port):
                return port
        raise SocketError("EADDRINUSE", "all ports are taken")


def _hears(socket: UdpSocket, destination: str, source: Endpoint, interface: str) -> bool:
    if socket.interface is not None and socket.interface != interface:
        return False
    if socket.remote is not None and socket.remote != source:
        return False
    bound = socket.local[0]
    if bound == destination or destination == addresses.BROADCAST:
        return True
    if addresses.is_unspecified(bound):
        return socket.dual or addresses.version(bound) == addresses.version(destination)
    return False


def _precision(socket: UdpSocket) -> int:
    """Connected before bound to an address before bound to any, as in Linux."""
    exact = not addresses.is_unspecified(socket.local[0])
    return 2 * (socket.remote is not None) + exact
