"""Passing packets on (RFC 1812, section 5): TTL, route, MTU."""

from msgspec.structs import replace

from firstbyte.protocols.ip import addresses, icmp_errors
from firstbyte.protocols.ip.fragments import fragment
from firstbyte.protocols.ip.icmp_layer import IcmpLayer
from firstbyte.protocols.ip.ipv4 import Ipv4
from firstbyte.protocols.ip.packet import Packet
from firstbyte.protocols.ip.transmit import Path, Transmitter


def forward(transmitter: Transmitter, icmp: IcmpLayer, packet: Packet, now_ns: int) -> None:
    """Send a packet of somebody else's on its way, or tell the sender why not."""
    header = packet.ip
    if header is None or _stays_on_link(header.destination) or _stays_on_link(header.source):
        transmitter.drop(packet, "not_forwarded", "router")
        return
    if header.ttl <= 1:
        transmitter.drop(packet, "ttl", "router")
        icmp.answer(packet, icmp_errors.time_exceeded(packet), now_ns)
        return
    path = transmitter.path(header.destination)
    if path is None:
        transmitter.drop(packet, "no_route", "router")
        icmp.answer(packet, icmp_errors.net_unreachable(packet), now_ns)
        return
    passed = Packet(replace(header, ttl=header.ttl - 1), packet.transport)
    if passed.size <= path.mtu:
        transmitter.send_fitting(path, passed, now_ns)
    else:
        _squeeze(transmitter, icmp, path, packet, passed, now_ns)


def _squeeze(
    transmitter: Transmitter,
    icmp: IcmpLayer,
    path: Path,
    packet: Packet,
    passed: Packet,
    now_ns: int,
) -> None:
    """Too big for the next link: cut it if IPv4 allows, else tell the sender the MTU."""
    header = passed.ip
    if isinstance(header, Ipv4) and not header.dont_fragment:
        for piece in fragment(passed, path.mtu, header.identification):
            transmitter.send_fitting(path, piece, now_ns)
        return
    transmitter.drop(packet, "too_big", "router")
    icmp.answer(packet, icmp_errors.too_big(packet, path.mtu), now_ns)


def _stays_on_link(address: str) -> bool:
    return (
        addresses.is_multicast(address)
        or addresses.is_link_local(address)
        or addresses.is_loopback(address)
        or address == addresses.BROADCAST
    )
