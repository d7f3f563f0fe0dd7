"""DHCP messages in packets and frames of the world, and as events."""

from typing import TYPE_CHECKING

from firstbyte.events.base import Direction
from firstbyte.events.dhcp import DhcpMessage
from firstbyte.protocols.dhcp import options
from firstbyte.protocols.dhcp.message import Message, decode
from firstbyte.protocols.ip.addresses import ANY_V4, BROADCAST
from firstbyte.protocols.ip.arp import Arp
from firstbyte.protocols.ip.ipv4 import Ipv4
from firstbyte.protocols.ip.packet import UDP, Packet
from firstbyte.protocols.ip.udp import Datagram
from firstbyte.protocols.problem import Problems
from firstbyte.sim.frames import BROADCAST as ALL_STATIONS
from firstbyte.sim.frames import Frame

if TYPE_CHECKING:
    from firstbyte.sim.hosts import Host
    from firstbyte.sim.links import Port

TTL = 64


def heard(payload: Packet | Arp, port: int) -> Message | None:
    """The DHCP message for UDP ``port`` in a frame; null for everything else."""
    if not isinstance(payload, Packet) or not isinstance(payload.ip, Ipv4):
        return None
    datagram = payload.transport
    if not isinstance(datagram, Datagram) or datagram.destination_port != port:
        return None
    return decode(datagram.payload, Problems()) if payload.is_acceptable else None


def send_frame(host: "Host", port: "Port", packet: Packet, mac: bytes = ALL_STATIONS) -> None:
    """Send past the kernel: to every station of the link, or to one."""
    if port.mac is not None and host.up:
        host.send(port, Frame(mac, port.mac, packet))


def broadcast_packet(source: str, datagram: Datagram) -> Packet:
    """To 255.255.255.255; ``source`` is 0.0.0.0 while there is no address."""
    return Packet(Ipv4(source, BROADCAST, UDP, TTL), datagram)


def send_by_kernel(host: "Host", destination: str, datagram: Datagram) -> None:
    """Send as any datagram: by the routes, and asking for the neighbour's MAC."""
    kernel = host.kernel
    transmitter = kernel.stack.transmitter
    path = transmitter.path(destination)
    if path is not None:
        packet = Packet(transmitter.header(path, UDP), datagram)
        transmitter.send(path, packet, kernel.now_ns)
        kernel.poll()


def note_message(host: "Host", message: Message, direction: Direction) -> None:
    """Tell of a message, in the one vocabulary."""
    kind = message.type
    told = (message.yours, message.client, message.address(options.REQUESTED_ADDRESS) or ANY_V4)
    what = DhcpMessage(
        kind=f"DHCP{kind.name}" if kind is not None else "BOOTP",
        transaction=message.transaction,
        hardware=message.hardware.hex(":"),
        address=next((one for one in told if one != ANY_V4), None),
        server=message.address(options.SERVER_ID),
        lease_s=message.number(options.LEASE_TIME),
    )
    host.internet.note(host.name, what, direction=direction)
