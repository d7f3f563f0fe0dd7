"""ARP for IPv4 over Ethernet (RFC 826)."""

import struct

from msgspec import Struct

from firstbyte.protocols.checksum import Bytes
from firstbyte.protocols.ip.addresses import pack, unpack
from firstbyte.protocols.problem import Problems

REQUEST, REPLY = 1, 2
PACKET_BYTES = 28
RFC = "RFC 826"
_HEAD = struct.Struct("!HHBBH")
_ETHERNET_IPV4 = (1, 0x0800, 6, 4)


class Arp(Struct, gc=False):
    """One packet. MACs are 6 bytes, addresses IPv4 text; ``operation`` is REQUEST or REPLY."""

    operation: int
    sender_mac: bytes
    sender: str
    target_mac: bytes
    target: str


def encode_arp(arp: Arp) -> bytes:
    """The 28 bytes."""
    head = _HEAD.pack(*_ETHERNET_IPV4, arp.operation)
    sender = arp.sender_mac + pack(arp.sender)
    return head + sender + arp.target_mac + pack(arp.target)


def decode_arp(data: Bytes, problems: Problems) -> Arp | None:
    """Read a packet tolerantly; ``None`` when it is short or not IPv4 over Ethernet."""
    if len(data) < PACKET_BYTES:
        problems.add(0, "ARP packet", "28 bytes", f"{len(data)} bytes", RFC)
        return None
    *kind, operation = _HEAD.unpack_from(data)
    if tuple(kind) != _ETHERNET_IPV4:
        problems.add(0, "ARP address types", "Ethernet and IPv4 (1, 0x0800, 6, 4)", kind, RFC)
        return None
    if operation not in {REQUEST, REPLY}:
        problems.add(6, "ARP operation", "1 or 2", operation, RFC)
    return Arp(
        operation,
        bytes(data[8:14]),
        unpack(bytes(data[14:18])),
        bytes(data[18:24]),
        unpack(bytes(data[24:28])),
    )
