"""Rules for the packets between the client and the sites, for faults of the path."""

from firstbyte.lab.world import World
from firstbyte.protocols.ip.packet import Packet
from firstbyte.protocols.ip.udp import Datagram
from firstbyte.protocols.tcp.segment import Segment
from firstbyte.sim import Host
from firstbyte.sim.frames import packet_of
from firstbyte.sim.links import Link
from firstbyte.sim.rules import Transit


def client_link(world: World) -> Link:
    """The link that everything of the client's goes over."""
    return next(
        link for link in world.internet.links if world.client in [p.node for p in link.ports]
    )


def site_links(world: World) -> list[Link]:
    """The links that end at sites."""
    hosts = {world.internet.hosts[site.host] for site in world.sites}
    return [
        link
        for link in world.internet.links
        if any(isinstance(port.node, Host) and port.node in hosts for port in link.ports)
    ]


def segment(transit: Transit) -> Segment | None:
    """The TCP segment in a packet, if it is one."""
    packet = packet_of(transit.packet)
    return packet.transport if packet and isinstance(packet.transport, Segment) else None


def datagram(transit: Transit) -> Datagram | None:
    """The UDP datagram in a packet, if it is one."""
    packet = packet_of(transit.packet)
    return packet.transport if packet and isinstance(packet.transport, Datagram) else None


def is_towards(packet: Packet, addresses: set[str]) -> bool:
    """Whether a packet goes to one of these."""
    return packet.ip is not None and packet.ip.destination in addresses
