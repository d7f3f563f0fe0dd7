"""Hosts on shared links, in virtual time: a small switch without any loop or room above."""

from collections.abc import Callable
from heapq import heappop, heappush

from firstbyte.events.link import PacketDropped
from firstbyte.protocols.ip import decode_strict, encode
from firstbyte.protocols.ip.arp import Arp
from firstbyte.protocols.ip.host import Host, HostEvent
from firstbyte.protocols.ip.notify import Notified
from firstbyte.protocols.ip.packet import Packet
from firstbyte.protocols.ip.settings import HostSettings

MS = 1_000_000
DELAY_NS = 1 * MS


def mac_of(number: int) -> bytes:
    return bytes((2, 0, 0, 0, 0, number))


class World:
    """``cables`` join (host, interface) pairs; every packet takes 1 ms and passes as bytes."""

    def __init__(self) -> None:
        self.hosts: dict[str, Host] = {}
        self.now_ns = 0
        self.cables: list[list[tuple[str, str]]] = []
        self.log: list[tuple[int, str, Packet | Arp]] = []
        self.news: list[tuple[Notified, int]] = []
        self.events: list[HostEvent] = []
        self.lose: Callable[[Packet | Arp], bool] = lambda _packet: False
        self._queue: list[tuple[int, int, str, str, Packet | Arp]] = []
        self._count = 0

    def host(self, name: str, settings: HostSettings | None = None) -> Host:
        host = Host(name, secret=name.encode().ljust(16), settings=settings or HostSettings())
        self.hosts[name] = host
        return host

    def cable(self, *ends: tuple[str, str]) -> None:
        self.cables.append(list(ends))

    def run(self, ms: float) -> None:
        """Let so much time pass."""
        end = self.now_ns + int(ms * MS)
        while True:
            deadlines = [d for d in (self._poll(name) for name in self.hosts) if d is not None]
            if self._queue:
                deadlines.append(self._queue[0][0])
            if not deadlines or min(deadlines) > end:
                break
            self.now_ns = max(self.now_ns, min(deadlines))
            while self._queue and self._queue[0][0] <= self.now_ns:
                _, _, name, interface, packet = heappop(self._queue)
                self.hosts[name].receive(interface, packet, self.now_ns)
        self.now_ns = end

    def _poll(self, name: str) -> int | None:
        polled = self.hosts[name].poll(self.now_ns)
        self.news += polled.news
        self.events += polled.events
        for out in polled.outgoing:
            self.log.append((self.now_ns, name, out.packet))
            if not self.lose(out.packet):
                self._carry(name, out.interface, out.packet, out.destination)
        return polled.deadline_ns

    def _carry(self, name: str, interface: str, packet: Packet | Arp, mac: bytes | None) -> None:
        for cable in self.cables:
            if (name, interface) not in cable:
                continue
            for other, port in cable:
                own = self.hosts[other].interfaces[port].mac
                group = mac is None or mac[0] & 1
                if (other, port) != (name, interface) and (group or own == mac):
                    self._count += 1
                    arrival = packet if isinstance(packet, Arp) else decode_strict(encode(packet))
                    at_ns = self.now_ns + DELAY_NS
                    heappush(self._queue, (at_ns, self._count, other, port, arrival))

    def packets(self, kind: type, sender: str | None = None) -> list[Packet]:
        """The logged packets whose transport is a ``kind``."""
        return [
            packet
            for _, name, packet in self.log
            if isinstance(packet, Packet)
            and isinstance(packet.transport, kind)
            and sender in {None, name}
        ]

    def drops(self) -> list[str]:
        """The reasons of all drops so far."""
        return [e.what.reason for e in self.events if isinstance(e.what, PacketDropped)]

    def news_of(self, socket: object) -> int:
        """All bits told about ``socket``."""
        bits = 0
        for told, more in self.news:
            if told is socket:
                bits |= more
        return bits


def lan(*, mtu: int = 1500, settings: HostSettings | None = None) -> World:
    """Hosts a and b on one Ethernet: 10.0.0.1, 10.0.0.2, 2001:db8::1, 2001:db8::2."""
    world = World()
    for number, name in enumerate("ab", 1):
        host = world.host(name, settings)
        host.add_interface("eth0", mac=mac_of(number), mtu=mtu)
        host.add_address("eth0", f"10.0.0.{number}", 24)
        host.add_address("eth0", f"2001:db8::{number}", 64)
    world.cable(("a", "eth0"), ("b", "eth0"))
    return world


def routed(*, far_mtu: int = 1500) -> World:
    """a - r - b: a and b on different subnets, the far link perhaps narrower."""
    world = World()
    a, b = world.host("a"), world.host("b")
    r = world.host("r", HostSettings(forwarding=True))
    a.add_interface("eth0", mac=mac_of(1))
    r.add_interface("eth0", mac=mac_of(2))
    r.add_interface("eth1", mac=mac_of(3), mtu=far_mtu)
    b.add_interface("eth0", mac=mac_of(4))
    for host, interface, subnet, last in (
        (a, "eth0", 1, 2),
        (r, "eth0", 1, 1),
        (r, "eth1", 2, 1),
        (b, "eth0", 2, 2),
    ):
        host.add_address(interface, f"10.0.{subnet}.{last}", 24)
        host.add_address(interface, f"2001:db8:{subnet}::{last}", 64)
    for host, subnet in ((a, 1), (b, 2)):
        host.add_route("0.0.0.0/0", "eth0", f"10.0.{subnet}.1")
        host.add_route("::/0", "eth0", f"2001:db8:{subnet}::1")
    world.cable(("a", "eth0"), ("r", "eth0"))
    world.cable(("r", "eth1"), ("b", "eth0"))
    return world
