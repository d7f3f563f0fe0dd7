"""A packet in one line, for events and error messages."""

from firstbyte.protocols.ip import Packet
from firstbyte.protocols.ip.udp import Datagram
from firstbyte.protocols.tcp.segment import Segment
from firstbyte.sim.frames import Unit


def describe_unit(unit: Unit) -> str:
    """A packet, or what an Ethernet frame holds."""
    if isinstance(unit, Packet):
        return describe_packet(unit)
    payload = unit.payload
    if isinstance(payload, Packet):
        return describe_packet(payload)
    return f"ARP {payload.sender} > {payload.target}, {unit.size} bytes"


def describe_packet(packet: Packet) -> str:
    """``TCP 10.0.0.1:40000 > 10.0.0.2:80 SYN, 60 bytes``."""
    header, transport = packet.ip, packet.transport
    if header is None:
        return f"unreadable, {packet.size} bytes"
    source, target = header.source, header.destination
    if isinstance(transport, Segment):
        ports = transport.source_port, transport.destination_port
        return (
            f"TCP {_end(source, ports[0])} > {_end(target, ports[1])} "
            f"{transport.flag_names}, {packet.size} bytes"
        )
    if isinstance(transport, Datagram):
        ports = transport.source_port, transport.destination_port
        return f"UDP {_end(source, ports[0])} > {_end(target, ports[1])}, {packet.size} bytes"
    if isinstance(transport, bytes):
        return f"protocol {header.protocol} {source} > {target}, {packet.size} bytes"
    return f"ICMP {transport.name} {source} > {target}, {packet.size} bytes"


def _end(address: str, port: int) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
