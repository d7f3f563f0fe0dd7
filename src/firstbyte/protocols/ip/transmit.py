"""The way out: route, fragment, find the neighbour, hand to the interface (or loop back)."""

from collections import deque

from msgspec import Struct

from firstbyte.errors import UsageError
from firstbyte.events.link import PacketDropped
from firstbyte.protocols.ip import addresses
from firstbyte.protocols.ip.arp import REQUEST, Arp
from firstbyte.protocols.ip.fragments import fragment
from firstbyte.protocols.ip.interface import Interface
from firstbyte.protocols.ip.ipv4 import Ipv4
from firstbyte.protocols.ip.ipv6 import Ipv6
from firstbyte.protocols.ip.ndp import Solicitation, encode_solicitation
from firstbyte.protocols.ip.neighbors import Neighbor, Neighbors, Request
from firstbyte.protocols.ip.packet import ICMPV6, Header, Packet
from firstbyte.protocols.ip.routing import Route, RoutingTable, parse_network
from firstbyte.protocols.ip.settings import HostSettings
from firstbyte.protocols.socket_error import SocketError

LOOPBACK_MTU = 65536


class Outgoing(Struct, gc=False):
    """A packet that leaves by an interface; ``destination`` is the MAC, null without MACs."""

    interface: str
    packet: Packet | Arp
    destination: bytes | None


class Path:
    """How a destination is reached: looped back, or by an interface to a next hop."""

    __slots__ = ("destination", "generation", "interface", "mac", "mtu", "neighbor", "source")

    def __init__(self, destination: str, interface: Interface | None, source: str) -> None:
        self.generation = 0
        """Of the routes that it was found by."""
        self.destination = destination
        self.interface = interface
        """Null: the destination is this host."""
        self.source = source
        self.mtu = LOOPBACK_MTU if interface is None else interface.mtu
        self.mac: bytes | None = None
        """Fixed for groups and broadcasts."""
        self.neighbor: Neighbor | None = None


class Transmitter:
    """Holds a host's interfaces, routes and neighbours, and what is to leave."""

    def __init__(self, name: str, settings: HostSettings) -> None:
        self.name = name
        self.settings = settings
        self.interfaces: dict[str, Interface] = {}
        self.routes = RoutingTable()
        self.neighbors = Neighbors(settings)
        self.local: dict[str, Interface | None] = {"127.0.0.1": None, "::1": None}
        """Our addresses, with the interface that has them."""
        self.groups: set[str] = {addresses.ALL_NODES}
        self.outgoing: list[Outgoing] = []
        self.looped: deque[Packet] = deque()
        self.drops: list[PacketDropped] = []
        self.path_mtus: dict[str, tuple[int, int]] = {}
        self._paths: dict[str, Path] = {}
        self._generation = 0
        self._identification = 0

    # Setting up.

    def add_interface(self, name: str, mac: bytes | None, mtu: int) -> Interface:
        """See :meth:`Host.add_interface`."""
        if name in self.interfaces:
            raise UsageError(f"there is an interface {name} already")
        interface = self.interfaces[name] = Interface(name, mac, mtu)
        return interface

    def add_address(self, name: str, address: str, prefix: int) -> None:
        """See :meth:`Host.add_address`."""
        interface = self.interfaces[name]
        added = interface.add(address, prefix)
        self.local[added.address] = interface
        if addresses.version(added.address) == 6:
            self.groups.add(addresses.solicited_node(added.address))
        self.routes.add(Route(parse_network(added.network), name, source=added.address))

    def remove_address(self, name: str, address: str) -> None:
        """See :meth:`Host.remove_address`."""
        removed = self.interfaces[name].remove(address)
        self.local.pop(removed.address, None)
        self.routes.remove(removed.network, name)

    def changed(self) -> None:
        """Interfaces went up or down: what is known of paths is no longer true."""
        self.routes.touch()

    # Finding the way.

    def is_local(self, address: str) -> bool:
        """Whether packets for ``address`` end here."""
        return address in self.local or address.startswith("127.")

    def is_broadcast(self, address: str) -> bool:
        """Everybody on a link of ours."""
        if address == addresses.BROADCAST:
            return True
        return any(address in i.broadcasts for i in self.interfaces.values())

    def is_group(self, address: str) -> bool:
        """A broadcast or multicast address: more than one may have it."""
        return addresses.is_multicast(address) or self.is_broadcast(address)

    def path(self, destination: str) -> Path | None:
        """The way to an address; ``None`` when there is no route."""
        if self._generation != self.routes.generation:
            self._generation = self.routes.generation
            self._paths.clear()
        found = self._paths.get(destination)
        if found is None:
            found = self._find(destination)
            if found is not None:
                found.generation = self._generation
                self._paths[destination] = found
        return found

    def require_path(self, destination: str) -> Path:
        """The way to an address. Raises :class:`SocketError` ENETUNREACH."""
        path = self.path(destination)
        if path is None:
            raise SocketError("ENETUNREACH", f"no route to {destination}")
        return path

    def _find(self, destination: str) -> Path | None:
        if self.is_local(destination):
            return Path(destination, None, destination)
        route = self.routes.lookup(destination)
        if route is None or not self.interfaces[route.interface].up:
            return None
        interface = self.interfaces[route.interface]
        hop = route.gateway or destination
        # Beyond a router that is known by its link-local address there is another scope.
        near = destination if addresses.is_link_local(hop) else hop
        source = route.source or interface.source_for(near) or self._any_source(destination)
        if source is None:
            return None
        path = Path(destination, interface, source)
        self._aim(path, hop)
        return path

    def _any_source(self, destination: str) -> str | None:
        """A router may number only one of its links."""
        family = addresses.version(destination)
        held = (a.address for i in self.interfaces.values() for a in i.addresses)
        return next((a for a in held if addresses.version(a) == family), None)

    def group_path(self, name: str, destination: str) -> Path:
        """The way to a group or broadcast by a given interface, also without an address on it."""
        interface = self.interfaces[name]
        unspecified = addresses.ANY_V4 if addresses.version(destination) == 4 else addresses.ANY_V6
        source = interface.source_for(destination) or unspecified
        path = Path(destination, interface, source)
        self._aim(path, destination)
        return path

    def _aim(self, path: Path, hop: str) -> None:
        interface = path.interface
        if interface is None or interface.mac is None:
            return
        if hop == addresses.BROADCAST or hop in interface.broadcasts:
            path.mac = addresses.MAC_BROADCAST
        elif addresses.is_multicast(hop):
            path.mac = addresses.multicast_mac(hop)
        else:
            path.neighbor = self.neighbors.get(interface.name, hop)

    def mtu_to(self, path: Path, now_ns: int) -> int:
        """The largest packet that reaches the destination, as far as is known."""
        learned = self.path_mtus.get(path.destination)
        if learned is None or now_ns >= learned[1]:
            return path.mtu
        return min(path.mtu, learned[0])

    # Sending.

    def header(self, path: Path, protocol: int, *, source: str | None = None) -> Header:
        """A fresh header for a packet of ours."""
        sender = source or path.source
        if addresses.version(path.destination) == 4:
            return Ipv4(sender, path.destination, protocol, self.settings.ttl)
        return Ipv6(sender, path.destination, protocol, self.settings.ttl)

    def send(self, path: Path, packet: Packet, now_ns: int) -> None:
        """Send a packet of ours, in pieces if the path needs it."""
        self.send_within(path, packet, self.mtu_to(path, now_ns), now_ns)

    def send_within(self, path: Path, packet: Packet, mtu: int, now_ns: int) -> None:
        """Send a packet of ours, in pieces of at most ``mtu`` bytes."""
        if packet.size <= mtu:
            self.send_fitting(path, packet, now_ns)
            return
        self._identification = (self._identification + 1) & 0xFFFF
        for piece in fragment(packet, mtu, self._identification):
            self.send_fitting(path, piece, now_ns)

    def send_fitting(self, path: Path, packet: Packet, now_ns: int) -> None:
        """Send a packet that is known to fit the path."""
        interface = path.interface
        if interface is None:
            self.looped.append(packet)
            return
        if not interface.up:
            self.drop(packet, "interface_down", interface.name)
            return
        mac = path.mac
        neighbor = path.neighbor
        if neighbor is not None:
            mac = self.neighbors.resolve(neighbor, packet, now_ns)
            if mac is None:
                while self.neighbors.crowded_out:
                    victim, where = self.neighbors.crowded_out.pop()
                    self.drop(victim, "neighbor_queue_full", where)
                return
        self.outgoing.append(Outgoing(interface.name, packet, mac))

    def release(self, interface: str, mac: bytes, waiting: list[Packet]) -> None:
        """A neighbour answered: send what waited for it."""
        for packet in waiting:
            self.outgoing.append(Outgoing(interface, packet, mac))

    def drop(self, packet: Packet | Arp, reason: str, where: str) -> None:
        """Note that a packet ends here."""
        self.drops.append(PacketDropped(summary(packet), reason, f"{self.name} {where}"))

    # Asking for neighbours.

    def send_requests(self) -> None:
        """Turn what the neighbour cache asks into packets."""
        requests = self.neighbors.requests
        if not requests:
            return
        self.neighbors.requests = []
        for request in requests:
            self._send_request(request)

    def _send_request(self, request: Request) -> None:
        interface = self.interfaces[request.interface]
        mac = interface.mac
        source = interface.source_for(request.address)
        if mac is None or source is None:
            return
        if addresses.version(request.address) == 4:
            question = Arp(REQUEST, mac, source, bytes(6), request.address)
            to = request.mac or addresses.MAC_BROADCAST
            self.outgoing.append(Outgoing(interface.name, question, to))
            return
        group = addresses.solicited_node(request.address)
        target = request.address if request.mac else group
        to = request.mac or addresses.multicast_mac(group)
        message = encode_solicitation(Solicitation(request.address, mac))
        packet = Packet(Ipv6(source, target, ICMPV6, 255), message)
        self.outgoing.append(Outgoing(interface.name, packet, to))


def summary(packet: Packet | Arp) -> str:
    """One line about a packet: "TCP 10.0.0.1 → 10.0.0.2, 60 bytes"."""
    if isinstance(packet, Arp):
        return f"ARP {packet.sender} → {packet.target}"
    if packet.ip is None:
        return f"{packet.size} unreadable bytes"
    kind = type(packet.transport).__name__
    name = {"Segment": "TCP", "Datagram": "UDP", "bytes": f"protocol {packet.ip.protocol}"}
    return (
        f"{name.get(kind, kind)} {packet.ip.source} → {packet.ip.destination}, {packet.size} bytes"
    )
