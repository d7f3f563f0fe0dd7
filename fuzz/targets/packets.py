"""Everything that a capture or a link may hold."""

from firstbyte.errors import DecodeError
from firstbyte.net.tcp_info import unpack_tcp_info
from firstbyte.protocols.ip.arp import Arp, decode_arp, encode_arp
from firstbyte.protocols.ip.autoconf import Autoconf
from firstbyte.protocols.ip.ethernet import Frame, decode_frame, encode_frame
from firstbyte.protocols.ip.extensions import DestinationOptions, Fragment, HopByHop
from firstbyte.protocols.ip.icmpv4 import Icmpv4
from firstbyte.protocols.ip.icmpv6 import Icmpv6
from firstbyte.protocols.ip.ipv4 import Ipv4
from firstbyte.protocols.ip.ipv6 import Ipv6
from firstbyte.protocols.ip.packet import (
    Packet,
    decode,
    decode_quoted,
    decode_strict,
    encode,
)
from firstbyte.protocols.ip.router_discovery import (
    Prefix,
    RouterAdvertisement,
    decode_router_advertisement,
    decode_router_solicitation,
    encode_router_advertisement,
)
from firstbyte.protocols.ip.udp import Datagram
from firstbyte.protocols.problem import Problems
from firstbyte.protocols.tcp.observer import SegmentObserver
from firstbyte.protocols.tcp.options import TcpOptions
from firstbyte.protocols.tcp.segment import Segment
from fuzz.target import Target

_OPTIONS = TcpOptions(
    mss=1460, window_scale=7, sack_permitted=True, timestamp=(1, 2), sack_blocks=((5, 9),)
)
_SEGMENT = Segment(443, 50_000, 1, 2, 0x12, 65_535, b"data", options=_OPTIONS)
_MAC = b"\2\0\0\0\0\1"
PACKETS = (
    encode(Packet(Ipv4("192.0.2.1", "192.0.2.2", 6), _SEGMENT)),
    encode(Packet(Ipv4("192.0.2.1", "192.0.2.2", 17), Datagram(53, 5353, b"question"))),
    encode(Packet(Ipv4("192.0.2.1", "192.0.2.2", 1), Icmpv4(3, 4, 1400, b"E" * 28))),
    encode(Packet(Ipv6("2001:db8::1", "2001:db8::2", 6), _SEGMENT)),
    encode(Packet(Ipv6("2001:db8::1", "2001:db8::2", 58), Icmpv6(2, 0, 1280, b"`" + b"\0" * 47))),
    encode(
        Packet(
            Ipv6(
                "2001:db8::1",
                "2001:db8::2",
                17,
                extensions=(
                    HopByHop(((5, b"\0\0"),)),
                    DestinationOptions(((1, b""),)),
                    Fragment(8, True, 7),
                ),
            ),
            b"\x00\x35\x00\x35\x00\x08\x00\x00",
        )
    ),
)


def _tolerant(data: bytes) -> None:
    for checksums in (True, False):
        decode(data, checksums=checksums)
    decode_quoted(data)


def _strict(data: bytes) -> None:
    """What is accepted can be written again, and is then the same."""
    packet = decode_strict(data)
    assert decode_strict(encode(packet)).is_acceptable


def _observe(data: bytes) -> None:
    observer = SegmentObserver()
    for outgoing in (True, False, True):
        observer.observe(data, outgoing=outgoing)


def _router(data: bytes) -> None:
    """What any station may say as a router; what is read can be written again."""
    message = Icmpv6(134, 0, int.from_bytes(data[:4].ljust(4), "big"), data[4:])
    told = decode_router_advertisement(message, Problems())
    decode_router_solicitation(Icmpv6(133, 0, 0, data), Problems())
    machine = Autoconf(_MAC, 0.0)
    machine.start(0)
    machine.poll(machine.deadline)
    if told is not None:
        encode_router_advertisement(told)
        machine.advertised(told, "fe80::1", 2_000_000_000)
        machine.poll(machine.deadline)


def _link(data: bytes) -> None:
    decode_frame(data, Problems())
    decode_arp(data, Problems())


TARGETS = (
    Target("ip.decode", PACKETS, _tolerant),
    Target("ip.decode_strict", PACKETS, _strict, (DecodeError,)),
    Target("tcp.observer", PACKETS, _observe),
    Target(
        "link.decode",
        (
            encode_frame(Frame(_MAC, _MAC, 0x0806, b"payload")),
            encode_arp(Arp(1, _MAC, "192.0.2.1", _MAC, "192.0.2.2")),
        ),
        _link,
    ),
    Target(
        "ip.router",
        (
            bytes(4)
            + encode_router_advertisement(
                RouterAdvertisement(
                    source_mac=_MAC,
                    mtu=1400,
                    prefixes=(Prefix("2001:db8::"),),
                    dns_servers=("2001:db8::53",),
                    search=("lan.example",),
                )
            ).body,
        ),
        _router,
    ),
    Target("tcp.info", (bytes(range(248)),), unpack_tcp_info),
)
