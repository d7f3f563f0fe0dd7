"""Ethernet II frames (IEEE 802.3, clause 3; RFC 894, RFC 2464), with 802.1Q tags kept."""

import struct

from msgspec import Struct

from firstbyte.protocols.checksum import Bytes
from firstbyte.protocols.problem import Problems

IPV4, ARP, VLAN, IPV6 = 0x0800, 0x0806, 0x8100, 0x86DD
HEADER_BYTES = 14
REFERENCE = "IEEE 802.3, 3.2"


class Frame(Struct, gc=False):
    """One frame. ``destination`` and ``source`` are 6 bytes; ``vlan`` is the 16-bit tag, if any."""

    destination: bytes
    source: bytes
    ethertype: int
    payload: bytes
    vlan: int | None = None


def encode_frame(frame: Frame) -> bytes:
    """The bytes, without preamble and FCS, and without padding."""
    tag = b"" if frame.vlan is None else struct.pack("!HH", VLAN, frame.vlan)
    ethertype = struct.pack("!H", frame.ethertype)
    return b"".join((frame.destination, frame.source, tag, ethertype, frame.payload))


def decode_frame(data: Bytes, problems: Problems) -> Frame | None:
    """Read a frame tolerantly; ``None`` when the header is incomplete."""
    if len(data) < HEADER_BYTES:
        problems.add(0, "Ethernet header", "14 bytes", f"{len(data)} bytes", REFERENCE)
        return None
    destination, source = bytes(data[:6]), bytes(data[6:12])
    ethertype = int.from_bytes(data[12:14], "big")
    vlan, offset = None, HEADER_BYTES
    if ethertype == VLAN:
        if len(data) < HEADER_BYTES + 4:
            problems.add(14, "802.1Q tag", "4 bytes", f"{len(data) - 14} bytes", "IEEE 802.1Q, 9.6")
            return None
        vlan, ethertype = struct.unpack_from("!HH", data, 14)
        offset += 4
    return Frame(destination, source, ethertype, bytes(data[offset:]), vlan)
