"""A host's TCP/IP stack, pure: packets and the time go in; packets, news and a deadline come out.

The contract, which the private internet and a TUN device drive alike:

- every call that takes ``now_ns`` wants the host's monotonic clock in integer nanoseconds;
- after :meth:`Host.receive` and after any socket call, call :meth:`Host.poll` (once for many is
  fine, at the same time), and again when ``polled.deadline_ns`` has come;
- packets are objects. Hand them to the next host as they are; ``encode(packet)`` makes bytes when
  a tap or a corrupting link needs them, ``decode_strict(data)`` reads them back (checksums too).
  Treat a packet as immutable: its parts are shared;
- nothing blocks and nothing calls back. News about sockets comes as ``(socket, bits)``;
- failures are :class:`~firstbyte.protocols.socket_error.SocketError` with an ``errno_name``.

An example, two hosts on one link without MACs (so without ARP)::

    a, b = Host("a", secret=bytes(32)), Host("b", secret=bytes(32))
    for host, address in ((a, "10.0.0.1"), (b, "10.0.0.2")):
        host.add_interface("eth0")
        host.add_address("eth0", address, 24)
    listener = b.tcp_listen("0.0.0.0", 80)
    client = a.tcp_connect(("10.0.0.2", 80), now_ns=0)

    polled = a.poll(0)                        # polled.outgoing[0].packet is the SYN
    b.receive("eth0", polled.outgoing[0].packet, 10_000_000)
    polled = b.poll(10_000_000)               # the SYN ACK; then the ACK the same way …
    # … after which b.poll() gives news (listener, ACCEPTABLE), and a.poll() (client, CONNECTED)
    server = listener.accept()
    client.write(b"hello")                    # then a.poll(now_ns) → the segment
    server.read()                             # after news (server, READABLE); b"" and
                                              # server.at_eof once the peer has closed
    client.close(now_ns)

News of a socket: ``READABLE``, ``WRITABLE`` (only after a short ``write``), ``CONNECTED``,
``ENDED`` (``socket.error`` is null or an errno name), ``ACCEPTABLE``, ``ERROR``; see
:mod:`firstbyte.protocols.ip.notify`.
"""

from msgspec import Struct

from firstbyte.errors import UsageError
from firstbyte.protocols.ip import addresses, icmp_errors
from firstbyte.protocols.ip.arp import REPLY, REQUEST, Arp
from firstbyte.protocols.ip.forward import forward
from firstbyte.protocols.ip.fragments import Reassembler
from firstbyte.protocols.ip.host_event import HostEvent
from firstbyte.protocols.ip.icmp_layer import IcmpLayer, PingSocket
from firstbyte.protocols.ip.icmpv4 import Icmpv4
from firstbyte.protocols.ip.icmpv6 import Icmpv6
from firstbyte.protocols.ip.interface import Interface
from firstbyte.protocols.ip.ipv6 import Ipv6
from firstbyte.protocols.ip.ndp import (
    Advertisement,
    Solicitation,
    decode_neighbor,
    encode_advertisement,
)
from firstbyte.protocols.ip.neighbors import Neighbor
from firstbyte.protocols.ip.notify import Notices, Notified
from firstbyte.protocols.ip.packet import ICMPV6, Packet
from firstbyte.protocols.ip.routing import Route, parse_network
from firstbyte.protocols.ip.settings import HostSettings
from firstbyte.protocols.ip.tcp_layer import TcpLayer
from firstbyte.protocols.ip.tcp_sockets import Endpoint, TcpListener, TcpSocket
from firstbyte.protocols.ip.transmit import Outgoing, Transmitter
from firstbyte.protocols.ip.udp import Datagram
from firstbyte.protocols.ip.udp_layer import UdpLayer, UdpSocket
from firstbyte.protocols.problem import Problems
from firstbyte.protocols.tcp.config import TcpConfig
from firstbyte.protocols.tcp.segment import Segment
from firstbyte.protocols.tcp.timers import NEVER

DEFAULT_SETTINGS = HostSettings()
LOOPBACK = "lo"


class HostPolled(Struct, gc=False):
    """What :meth:`Host.poll` gives. ``deadline_ns`` is when to poll again at the latest."""

    outgoing: list[Outgoing]
    news: list[tuple[Notified, int]]
    events: list[HostEvent]
    deadline_ns: int | None


class Host:
    """See the module. ``secret`` is 16 to 32 random bytes, kept for the host's life."""

    def __init__(
        self, name: str, *, secret: bytes, settings: HostSettings = DEFAULT_SETTINGS
    ) -> None:
        if not 16 <= len(secret) <= 32:
            raise UsageError("a host's secret has 16 to 32 bytes")
        self.name = name
        self.settings = settings
        self.transmitter = Transmitter(name, settings)
        self._notices = Notices()
        self.tcp = TcpLayer(settings, secret, self.transmitter, self._notices)
        self.udp = UdpLayer(settings, secret, self.transmitter, self._notices)
        self.icmp = IcmpLayer(settings, self.transmitter, self._notices, self.tcp, self.udp)
        self._reassembler = Reassembler(settings)

    @property
    def tracing(self) -> bool:
        """Whether new TCP connections tell every segment, state and timer. Costs time."""
        return self.tcp.tracing

    @tracing.setter
    def tracing(self, on: bool) -> None:
        self.tcp.tracing = on

    # Setting up.

    @property
    def interfaces(self) -> dict[str, Interface]:
        """By name. Do not change it: use the methods."""
        return self.transmitter.interfaces

    def add_interface(self, name: str, *, mac: bytes | None = None, mtu: int = 1500) -> Interface:
        """Add an interface; without a MAC it is point to point, and needs no ARP."""
        return self.transmitter.add_interface(name, mac, mtu)

    def add_address(self, interface: str, address: str, prefix: int) -> None:
        """Give an interface an address; its subnet becomes reachable on the link."""
        self.transmitter.add_address(interface, address, prefix)

    def remove_address(self, interface: str, address: str) -> None:
        """Take an address away, with its on-link route."""
        self.transmitter.remove_address(interface, address)

    def add_route(
        self, network: str, interface: str, gateway: str | None = None, metric: int = 0
    ) -> Route:
        """Add a route; "0.0.0.0/0" and "::/0" are defaults; without a gateway it is on-link."""
        hop = None if gateway is None else addresses.canonical(gateway)
        route = Route(parse_network(network), interface, hop, metric)
        self.transmitter.routes.add(route)
        return route

    def discard_route(self, route: Route) -> None:
        """Remove a route that ``add_route`` gave, if it is still there."""
        self.transmitter.routes.discard(route)

    def remove_route(self, network: str, interface: str | None = None) -> None:
        """Remove the routes to exactly this network."""
        self.transmitter.routes.remove(network, interface)

    def set_up(self, interface: str, *, up: bool) -> None:
        """Bring an interface up or down; a downed one neither sends nor receives."""
        self.interfaces[interface].up = up
        self.transmitter.changed()

    def source_for(self, destination: str) -> str | None:
        """The address that packets to ``destination`` would come from; null without a route."""
        path = self.transmitter.path(addresses.canonical(destination))
        return None if path is None else path.source

    # Sockets.

    def tcp_listen(
        self,
        address: str,
        port: int,
        *,
        backlog: int = 128,
        config: TcpConfig | None = None,
        reuse_address: bool = True,
        reuse_port: bool = False,
        dual: bool = False,
    ) -> TcpListener:
        """Listen; port 0 takes a free one (see ``listener.local``).

        Raises :class:`SocketError` EADDRINUSE, EADDRNOTAVAIL. ``dual``: on "::" take IPv4 too.
        """
        return self.tcp.listen(
            addresses.canonical(address),
            port,
            backlog,
            config or self.settings.tcp,
            reuse_address=reuse_address,
            reuse_port=reuse_port,
            dual=dual,
        )

    def tcp_connect(
        self,
        remote: Endpoint,
        now_ns: int,
        *,
        local: Endpoint | None = None,
        config: TcpConfig | None = None,
        reuse_address: bool = False,
    ) -> TcpSocket:
        """Begin to connect; news CONNECTED or ENDED tells how it went.

        ``local`` fixes address and port; either may be left open ("0.0.0.0", 0). Raises
        :class:`SocketError` ENETUNREACH, EADDRNOTAVAIL.
        """
        config = config or self.settings.tcp
        return self.tcp.connect(remote, local, config, now_ns, reuse_address=reuse_address)

    def udp_bind(
        self,
        address: str,
        port: int = 0,
        *,
        reuse_port: bool = False,
        reuse_address: bool = False,
        dual: bool = False,
    ) -> UdpSocket:
        """Make a UDP socket; port 0 takes a free one. Raises EADDRINUSE, EADDRNOTAVAIL.

        ``dual``: on "::" take IPv4 too.
        """
        return self.udp.bind(
            addresses.canonical(address),
            port,
            reuse_port=reuse_port,
            reuse_address=reuse_address,
            dual=dual,
        )

    def ping_open(self, identifier: int = 1) -> PingSocket:
        """A socket for echo requests; the next free identifier is taken."""
        return self.icmp.open_ping(identifier)

    # The network.

    def receive(self, interface: str, packet: Packet | Arp, now_ns: int) -> None:
        """A packet came in by ``interface``."""
        came_by = self.transmitter.interfaces[interface]
        if not came_by.up:
            self.transmitter.drop(packet, "interface_down", interface)
        elif isinstance(packet, Packet):
            self._receive(interface, packet, now_ns)
        else:
            self._receive_arp(came_by, packet, now_ns)

    def poll(self, now_ns: int) -> HostPolled:
        """Do what is due; gives everything that leaves, and who has news."""
        transmitter = self.transmitter
        if now_ns >= transmitter.neighbors.deadline:
            self._expire_neighbors(now_ns)
        if now_ns >= self._reassembler.deadline:
            self._expire_fragments(now_ns)
        self.tcp.poll(now_ns)
        while transmitter.looped:
            self._receive(LOOPBACK, transmitter.looped.popleft(), now_ns)
            if not transmitter.looped:
                self.tcp.poll(now_ns)
        if transmitter.neighbors.requests:
            transmitter.send_requests()
        outgoing = transmitter.outgoing
        if outgoing:
            transmitter.outgoing = []
        told = self.tcp.events or transmitter.drops or self.icmp.events
        events = self._events(now_ns) if told else []
        return HostPolled(outgoing, self._notices.take(), events, self._deadline())

    def _deadline(self) -> int | None:
        deadline = self.tcp.deadline
        # Mostly there are no others, and comparing costs less than a call.
        if self.transmitter.neighbors.deadline < deadline:
            deadline = self.transmitter.neighbors.deadline
        if self._reassembler.deadline < deadline:
            deadline = self._reassembler.deadline
        return None if deadline == NEVER else deadline

    def _expire_fragments(self, now_ns: int) -> None:
        for first in self._reassembler.expire(now_ns):
            self.icmp.answer(first, icmp_errors.reassembly_exceeded(first), now_ns)
        self._note_lost_fragments()

    def _events(self, now_ns: int) -> list[HostEvent]:
        events, self.tcp.events = self.tcp.events, []
        if self.transmitter.drops:
            drops, self.transmitter.drops = self.transmitter.drops, []
            events += [HostEvent(now_ns, None, None, drop) for drop in drops]
        if self.icmp.events:
            reports, self.icmp.events = self.icmp.events, []
            events += [HostEvent(now_ns, socket, "received", what) for socket, what in reports]
        return events

    def _receive(self, interface: str, packet: Packet, now_ns: int) -> None:
        header = packet.ip
        if header is None or (packet.problems and not packet.is_acceptable):
            self.transmitter.drop(packet, "malformed", interface)
            return
        if header.destination in self.transmitter.local or self._is_for_us(header.destination):
            transport = packet.transport
            if isinstance(transport, Segment):
                self.tcp.receive(packet, transport, now_ns)
            elif not header.is_fragment:
                self._deliver(interface, packet, now_ns)
            else:
                self._collect(interface, packet, now_ns)
        elif self.settings.forwarding:
            forward(self.transmitter, self.icmp, packet, now_ns)
        else:
            self.transmitter.drop(packet, "not_for_us", interface)

    def _collect(self, interface: str, fragment: Packet, now_ns: int) -> None:
        """A piece of a packet, which is raw bytes; perhaps the last that was missing."""
        whole = self._reassembler.add(fragment, now_ns)
        if whole is None:
            self._note_lost_fragments()
        else:
            self._deliver(interface, whole, now_ns)

    def _note_lost_fragments(self) -> None:
        if self._reassembler.drops:
            for packet, reason in self._reassembler.take_drops():
                self.transmitter.drop(packet, reason, "reassembly")

    def _is_for_us(self, destination: str) -> bool:
        """Groups, broadcasts and the rest of 127.0.0.0/8."""
        if destination.startswith("127.") or destination in self.transmitter.groups:
            return True
        return self.transmitter.is_broadcast(destination)

    def _deliver(self, interface: str, packet: Packet, now_ns: int) -> None:
        transport = packet.transport
        if isinstance(transport, Segment):
            self.tcp.receive(packet, transport, now_ns)
        elif isinstance(transport, Datagram):
            if not self.udp.receive(packet, transport, interface):
                self.icmp.answer(packet, icmp_errors.port_unreachable(packet), now_ns)
        elif isinstance(transport, Icmpv4 | Icmpv6):
            if not self._discover(interface, packet, transport, now_ns):
                self.icmp.receive(packet, transport, now_ns)
        else:
            self.icmp.answer(packet, icmp_errors.protocol_unreachable(packet), now_ns)

    # Neighbours.

    def _receive_arp(self, interface: Interface, arp: Arp, now_ns: int) -> None:
        """RFC 826's algorithm: merge first, then answer if it asks for us."""
        mac = interface.mac
        if mac is None:
            return
        held = self.transmitter.local.get(arp.target)
        ours = held is interface
        if not addresses.is_unspecified(arp.sender):
            self._learn(interface.name, arp.sender, arp.sender_mac, now_ns, create=ours)
        if ours and arp.operation == REQUEST:
            reply = Arp(REPLY, mac, arp.target, arp.sender_mac, arp.sender)
            self.transmitter.outgoing.append(Outgoing(interface.name, reply, arp.sender_mac))

    def _discover(self, name: str, packet: Packet, message: Icmpv4 | Icmpv6, now_ns: int) -> bool:
        """Neighbour discovery: whether ``message`` was that."""
        if not isinstance(message, Icmpv6) or not 133 <= message.type <= 136:
            return False
        found = decode_neighbor(message, Problems())
        interface = self.interfaces.get(name)
        # A hop limit of 255 proves that the sender is on the link (RFC 4861, section 6.1).
        if found is None or interface is None or packet.ip is None or packet.ip.ttl != 255:
            return True
        if isinstance(found, Advertisement):
            if found.target_mac is not None:
                self._learn(name, found.target, found.target_mac, now_ns, create=False)
        elif interface.mac is not None:
            self._answer_solicitation(interface, found, packet.ip.source, now_ns)
        return True

    def _answer_solicitation(
        self, interface: Interface, asked: Solicitation, asker: str, now_ns: int
    ) -> None:
        mac = interface.mac
        if mac is None or self.transmitter.local.get(asked.target) is not interface:
            return
        to_all = addresses.is_unspecified(asker)
        if asked.source_mac is not None and not to_all:
            self._learn(interface.name, asker, asked.source_mac, now_ns, create=True)
        target = addresses.ALL_NODES if to_all else asker
        answer = encode_advertisement(
            Advertisement(asked.target, mac, self.settings.forwarding, not to_all)
        )
        packet = Packet(Ipv6(asked.target, target, ICMPV6, 255), answer)
        destination = asked.source_mac or addresses.multicast_mac(addresses.ALL_NODES)
        self.transmitter.outgoing.append(Outgoing(interface.name, packet, destination))

    def _learn(self, name: str, address: str, mac: bytes, now_ns: int, *, create: bool) -> None:
        neighbors = self.transmitter.neighbors
        waiting = neighbors.learn(name, address, mac, now_ns, create=create)
        self.transmitter.release(name, mac, waiting)

    def _expire_neighbors(self, now_ns: int) -> None:
        for entry in self.transmitter.neighbors.expire(now_ns):
            self._fail_waiting(entry, now_ns)

    def _fail_waiting(self, entry: Neighbor, now_ns: int) -> None:
        """Nobody answered: tell those whose packets waited."""
        waiting = list(entry.queue)
        entry.queue.clear()
        for packet in waiting:
            self.transmitter.drop(packet, "neighbor_unreachable", entry.interface)
            if packet.ip is None or not self.transmitter.is_local(packet.ip.source):
                self.icmp.answer(packet, icmp_errors.host_unreachable(packet), now_ns)
            else:
                self.icmp.own_neighbor_unreachable(packet, now_ns)
