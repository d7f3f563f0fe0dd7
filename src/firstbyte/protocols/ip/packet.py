"""A whole IP packet: header and transport, as objects; read tolerantly or strictly.

Tolerant reading (:func:`decode`) is for tracing: it never raises, shows as much as can be read of
a broken packet, and lists what is wrong in :attr:`Packet.problems`. Strict reading
(:func:`decode_strict`) is for acting on a packet: the first broken rule raises
:class:`~firstbyte.errors.DecodeError`.
"""

from msgspec import Struct

from firstbyte.protocols.checksum import Bytes
from firstbyte.protocols.ip import ipv4, ipv6
from firstbyte.protocols.ip.icmp import decode_icmp, encode_icmp
from firstbyte.protocols.ip.icmpv4 import Icmpv4
from firstbyte.protocols.ip.icmpv6 import Icmpv6
from firstbyte.protocols.ip.ipv4 import Ipv4, decode_ipv4, encode_ipv4
from firstbyte.protocols.ip.ipv6 import Ipv6, decode_ipv6, encode_ipv6
from firstbyte.protocols.ip.udp import Datagram, decode_datagram, encode_datagram
from firstbyte.protocols.problem import Problem, Problems
from firstbyte.protocols.tcp.segment import Segment, decode_segment, encode_segment

ICMPV4, TCP, UDP, ICMPV6 = 1, 6, 17, 58

Header = Ipv4 | Ipv6
Transport = Segment | Datagram | Icmpv4 | Icmpv6 | bytes


class Packet(Struct, gc=False):
    """One IP packet.

    ``ip`` is null only when not even the IP header can be read. ``transport`` is raw bytes for a
    fragment, an unknown protocol, or a transport header that is incomplete. ``missing_bytes`` is
    how much of the packet that the IP header promises is not there (a capture's snap length, the
    quotation in an ICMP error). ``problems`` is empty for a good packet.
    """

    ip: Header | None
    transport: Transport
    missing_bytes: int = 0
    problems: tuple[Problem, ...] = ()

    @property
    def is_acceptable(self) -> bool:
        """A receiver may act on it: nothing is wrong but what it is to ignore."""
        if self.ip is None:
            return False
        return not self.problems or all(problem.harmless for problem in self.problems)

    @property
    def size(self) -> int:
        """Bytes on the wire, from the IP header on."""
        transport = self.transport
        body = len(transport) if isinstance(transport, bytes) else transport.size
        return (self.ip.size if self.ip else 0) + body + self.missing_bytes


def encode(packet: Packet) -> bytes:
    """The packet's bytes with all checksums good. A packet without ``ip`` gives its raw bytes."""
    header = packet.ip
    if header is None:
        return packet.transport if isinstance(packet.transport, bytes) else b""
    body = encode_transport(header, packet.transport)
    if isinstance(header, Ipv4):
        return encode_ipv4(header, len(body)) + body
    return encode_ipv6(header, len(body)) + body


def encode_transport(header: Header, transport: Transport) -> bytes:
    """The transport's bytes, with the checksum that covers ``header``'s addresses."""
    if isinstance(transport, bytes):
        return transport
    if isinstance(transport, Icmpv4):
        return encode_icmp(transport)
    pseudo = pseudo_sum(header, transport.size)
    if isinstance(transport, Segment):
        return encode_segment(transport, pseudo)
    if isinstance(transport, Datagram):
        return encode_datagram(transport, pseudo)
    return encode_icmp(transport, pseudo)


def pseudo_sum(header: Header, length: int) -> int:
    """Word sum of the pseudo-header for a transport of ``length`` bytes."""
    make = ipv4.pseudo_sum if isinstance(header, Ipv4) else ipv6.pseudo_sum
    return make(header.source, header.destination, header.protocol, length)


def decode(data: Bytes, *, checksums: bool = True) -> Packet:
    """Read an IPv4 or IPv6 packet, by its version field; never raises.

    ``checksums=False`` leaves transport and header checksums unchecked, for captures of a host
    whose network card fills them in later (or never, on loopback).
    """
    problems = Problems()
    view = memoryview(data)
    packet = _decode(view, problems, checksums)
    packet.problems = tuple(problems.found)
    return packet


def decode_strict(data: Bytes, *, checksums: bool = True) -> Packet:
    """Like :func:`decode`, but the first problem raises :class:`DecodeError`."""
    packet = decode(data, checksums=checksums)
    if packet.problems:
        raise packet.problems[0].error()
    return packet


def decode_quoted(data: bytes) -> Packet:
    """Read the packet that an ICMP error quotes: its end is usually cut off. Never raises.

    A TCP header cut after its ports and sequence number (all that RFC 792 promises) is still
    read as a :class:`Segment`, with zeros for the rest.
    """
    packet = decode(data, checksums=False)
    header, transport = packet.ip, packet.transport
    if header is None or not isinstance(transport, bytes) or header.protocol != TCP:
        return packet
    if header.is_fragment or not 8 <= len(transport) < 20:
        return packet
    problems = Problems()
    packet.transport = decode_segment(transport + bytes(20 - len(transport)), problems, None) or b""
    return packet


def decode_transport(header: Header, body: bytes) -> Packet:
    """The packet of ``header`` and a reassembled body, read tolerantly."""
    problems = Problems(header.size)
    transport = _decode_transport(header, memoryview(body), problems, True)
    return Packet(header, transport, 0, tuple(problems.found))


def _decode(data: memoryview, problems: Problems, checksums: bool) -> Packet:
    version = data[0] >> 4 if data else 0
    read: tuple[Header, int, int] | None = None
    if version == 4:
        read = decode_ipv4(data, problems, checksums)
    elif version == 6:
        read = decode_ipv6(data, problems)
    else:
        problems.add(0, "IP version", "4 or 6", version if data else "nothing", "RFC 791, 3.1")
    if read is None:
        return Packet(None, bytes(data))
    header, offset, total = read
    body = data[offset:total]
    missing = max(0, total - len(data))
    inner = problems.within(offset)
    transport = _decode_transport(header, body, inner, checksums and not missing)
    return Packet(header, transport, missing)


def _decode_transport(
    header: Header, body: memoryview, problems: Problems, checksums: bool
) -> Transport:
    if header.is_fragment:
        return bytes(body)
    pseudo = pseudo_sum(header, len(body)) if checksums else None
    decoded: Transport | None = None
    if header.protocol == TCP:
        decoded = decode_segment(body, problems, pseudo)
    elif header.protocol == UDP:
        decoded = _decode_udp(header, body, problems, pseudo)
    elif header.protocol == ICMPV4 and isinstance(header, Ipv4):
        decoded = decode_icmp(Icmpv4, body, problems, 0 if checksums else None)
    elif header.protocol == ICMPV6 and isinstance(header, Ipv6):
        decoded = decode_icmp(Icmpv6, body, problems, pseudo)
    return bytes(body) if decoded is None else decoded


def _decode_udp(
    header: Header, body: memoryview, problems: Problems, pseudo: int | None
) -> Datagram | None:
    datagram = decode_datagram(body, problems, pseudo)
    if datagram and pseudo is not None and isinstance(header, Ipv6) and not any(body[6:8]):
        problems.add(6, "UDP checksum", "not zero over IPv6", "0", "RFC 8200, 8.1")
    return datagram
