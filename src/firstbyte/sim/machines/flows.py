"""How machines on the way see packets: endpoints, new parts, and who is told of a drop."""

from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from firstbyte.events.link import PacketDropped
from firstbyte.protocols.ip.icmpv4 import ECHO, ECHO_REPLY, Icmpv4
from firstbyte.protocols.ip.icmpv6 import ECHO as ECHO_V6
from firstbyte.protocols.ip.icmpv6 import ECHO_REPLY as ECHO_REPLY_V6
from firstbyte.protocols.ip.icmpv6 import Icmpv6
from firstbyte.protocols.ip.packet import Packet
from firstbyte.protocols.ip.udp import Datagram
from firstbyte.protocols.tcp.segment import Segment
from firstbyte.sim.describe import describe_unit
from firstbyte.sim.frames import Frame, Unit
from firstbyte.sim.hosts import Host

Endpoint = tuple[str, int]

_ECHOES = {Icmpv4: {ECHO, ECHO_REPLY}, Icmpv6: {ECHO_V6, ECHO_REPLY_V6}}


class Flow(Struct, frozen=True):
    """A packet's protocol ("tcp", "udp", "icmp") and endpoints; an echo's port is its number."""

    protocol: str
    source: Endpoint
    target: Endpoint

    @property
    def key(self) -> tuple[str, frozenset[Endpoint]]:
        """Equal for both directions."""
        return self.protocol, frozenset((self.source, self.target))


def flow_of(packet: Packet) -> Flow | None:
    """The flow of a whole packet with ports or an echo number; None for others."""
    header, transport = packet.ip, packet.transport
    if header is None:
        return None
    if isinstance(transport, Segment | Datagram):
        protocol = "tcp" if isinstance(transport, Segment) else "udp"
        ports = transport.source_port, transport.destination_port
    elif isinstance(transport, Icmpv4 | Icmpv6) and transport.type in _ECHOES[type(transport)]:
        protocol, ports = "icmp", (transport.identifier, transport.identifier)
    else:
        return None
    return Flow(protocol, (header.source, ports[0]), (header.destination, ports[1]))


def readdressed(
    packet: Packet, *, source: Endpoint | None = None, target: Endpoint | None = None
) -> Packet:
    """The packet with other endpoints; the original is not touched."""
    header, transport = packet.ip, packet.transport
    if header is None:
        return packet
    changes: dict[str, Any] = {}
    if source is not None:
        header = replace(header, source=source[0])
        changes["source_port"] = source[1]
    if target is not None:
        header = replace(header, destination=target[0])
        changes["destination_port"] = target[1]
    if isinstance(transport, Segment | Datagram):
        transport = replace(transport, **changes)
    elif isinstance(transport, Icmpv4):
        number = next(iter(changes.values()))
        transport = replace(transport, argument=number << 16 | transport.sequence)
    return Packet(header, transport)


def with_packet(unit: Unit, packet: Packet) -> Unit:
    """``unit`` with another packet in it."""
    return packet if isinstance(unit, Packet) else Frame(unit.destination, unit.source, packet)


def note_drop(host: Host, unit: Unit, reason: str) -> None:
    """Tell that a packet ended at ``host``."""
    host.internet.note(host.name, PacketDropped(describe_unit(unit), reason, host.name))
