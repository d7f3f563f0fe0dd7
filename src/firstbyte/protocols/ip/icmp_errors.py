"""Which ICMP errors a host sends (RFC 1122, 3.2.2; RFC 1812, 4.3; RFC 4443, 2.4), and how often."""

from firstbyte.protocols.ip import icmpv4, icmpv6
from firstbyte.protocols.ip.addresses import is_multicast, is_unspecified
from firstbyte.protocols.ip.icmpv4 import Icmpv4
from firstbyte.protocols.ip.icmpv6 import Icmpv6
from firstbyte.protocols.ip.ipv4 import Ipv4
from firstbyte.protocols.ip.packet import Packet, encode

QUOTE_V4 = 576 - 20 - 8
"""As much as keeps the error within 576 bytes (RFC 1812, section 4.3.2.3)."""
QUOTE_V6 = 1280 - 40 - 8
"""As much as keeps the error within the minimum MTU (RFC 4443, section 2.4c)."""

Icmp = Icmpv4 | Icmpv6
SECOND = 1_000_000_000


def host_unreachable(packet: Packet) -> Icmp:
    """The neighbour does not answer."""
    return _error(packet, (icmpv4.UNREACHABLE, 1), (icmpv6.UNREACHABLE, 3))


def net_unreachable(packet: Packet) -> Icmp:
    """There is no route."""
    return _error(packet, (icmpv4.UNREACHABLE, 0), (icmpv6.UNREACHABLE, 0))


def port_unreachable(packet: Packet) -> Icmp:
    """Nobody listens on that port."""
    return _error(packet, (icmpv4.UNREACHABLE, 3), (icmpv6.UNREACHABLE, 4))


def protocol_unreachable(packet: Packet) -> Icmp:
    """The protocol is not spoken here; in IPv6 the next-header field is at fault."""
    return _error(packet, (icmpv4.UNREACHABLE, 2), (icmpv6.PARAMETER_PROBLEM, 1), argument=6)


def prohibited(packet: Packet) -> Icmp:
    """A firewall rejects it."""
    return _error(packet, (icmpv4.UNREACHABLE, 13), (icmpv6.UNREACHABLE, 1))


def time_exceeded(packet: Packet) -> Icmp:
    """The TTL or hop limit ran out on the way."""
    return _error(packet, (icmpv4.TIME_EXCEEDED, 0), (icmpv6.TIME_EXCEEDED, 0))


def reassembly_exceeded(packet: Packet) -> Icmp:
    """Fragments stayed away."""
    return _error(packet, (icmpv4.TIME_EXCEEDED, 1), (icmpv6.TIME_EXCEEDED, 1))


def too_big(packet: Packet, mtu: int) -> Icmp:
    """The next link takes at most ``mtu`` bytes (RFC 1191, RFC 8201)."""
    return _error(packet, (icmpv4.UNREACHABLE, 4), (icmpv6.PACKET_TOO_BIG, 0), argument=mtu)


def _error(packet: Packet, four: tuple[int, int], six: tuple[int, int], argument: int = 0) -> Icmp:
    quoted = encode(packet)
    if isinstance(packet.ip, Ipv4):
        return Icmpv4(*four, argument if four == (3, 4) else 0, quoted[:QUOTE_V4])
    return Icmpv6(*six, argument, quoted[:QUOTE_V6])


def may_be_answered(packet: Packet) -> bool:
    """No errors about errors, groups, broadcasts, later fragments, or unusable sources."""
    header = packet.ip
    if header is None or is_unspecified(header.source) or is_multicast(header.source):
        return False
    transport = packet.transport
    big = isinstance(transport, Icmpv6) and transport.type == icmpv6.PACKET_TOO_BIG
    if isinstance(transport, Icmpv4 | Icmpv6) and transport.is_error and not big:
        return False
    if is_multicast(header.destination):
        return False
    return not (isinstance(header, Ipv4) and header.fragment_offset)


class RateLimit:
    """A token bucket: ``rate`` a second, ``burst`` at once."""

    __slots__ = ("_at_ns", "_burst", "_rate", "_tokens")

    def __init__(self, rate: int, burst: int) -> None:
        self._rate = rate
        self._burst = burst
        self._tokens = float(burst)
        self._at_ns = 0

    def take(self, now_ns: int) -> bool:
        """Whether one more may go now."""
        passed_s = (now_ns - self._at_ns) / SECOND
        self._tokens = min(self._burst, self._tokens + passed_s * self._rate)
        self._at_ns = now_ns
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True
