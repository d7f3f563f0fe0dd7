"""IP, ICMP, UDP, Ethernet and ARP: wire formats, and the host stack that speaks them."""

from firstbyte.protocols.ip.packet import Packet, decode, decode_quoted, decode_strict, encode

__all__ = ["Packet", "decode", "decode_quoted", "decode_strict", "encode"]
