"""What links carry: IP packets, and on Ethernet the frames around them (or around ARP)."""

from msgspec import Struct

from firstbyte.protocols.ip import Packet, decode, encode
from firstbyte.protocols.ip.arp import Arp, decode_arp, encode_arp
from firstbyte.protocols.ip.ethernet import ARP, HEADER_BYTES, IPV4, IPV6, decode_frame
from firstbyte.protocols.ip.ethernet import Frame as WireFrame
from firstbyte.protocols.ip.ethernet import encode_frame as encode_wire_frame
from firstbyte.protocols.problem import Problems

BROADCAST = b"\xff" * 6
ARP_BYTES = 28


class Frame(Struct, gc=False):
    """An Ethernet frame whose payload is still an object; MACs are 6 bytes."""

    destination: bytes
    source: bytes
    payload: Packet | Arp

    @property
    def size(self) -> int:
        """Bytes on the wire, without preamble and checksum."""
        payload = self.payload
        return HEADER_BYTES + (payload.size if isinstance(payload, Packet) else ARP_BYTES)


Unit = Packet | Frame
"""What goes over a link: a frame where interfaces have MACs, a bare packet where not."""


def packet_of(unit: Unit) -> Packet | None:
    """The IP packet in ``unit``; None for ARP."""
    if isinstance(unit, Packet):
        return unit
    return unit.payload if isinstance(unit.payload, Packet) else None


def ip_bytes(unit: Unit) -> int:
    """The size that an MTU limits: without the Ethernet header."""
    return unit.size if isinstance(unit, Packet) else unit.size - HEADER_BYTES


def encode_unit(unit: Unit) -> bytes:
    """The bytes on the wire."""
    if isinstance(unit, Packet):
        return encode(unit)
    payload = unit.payload
    if not isinstance(payload, Packet):
        return _frame_bytes(unit, ARP, encode_arp(payload))
    header = payload.ip
    return _frame_bytes(unit, IPV6 if header and header.version == 6 else IPV4, encode(payload))


def _frame_bytes(frame: Frame, ethertype: int, payload: bytes) -> bytes:
    return encode_wire_frame(WireFrame(frame.destination, frame.source, ethertype, payload))


def decode_like(unit: Unit, data: bytes) -> Unit | None:
    """Read ``data``, a damaged copy of ``unit``; None when it is beyond recognition."""
    if isinstance(unit, Packet):
        return decode(data)
    problems = Problems()
    frame = decode_frame(data, problems)
    if frame is None:
        return None
    if frame.ethertype in {IPV4, IPV6}:
        return Frame(frame.destination, frame.source, decode(frame.payload))
    arp = decode_arp(frame.payload, problems) if frame.ethertype == ARP else None
    return None if arp is None else Frame(frame.destination, frame.source, arp)
