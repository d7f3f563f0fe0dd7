"""A link that carries anything: the host answers or drops, and never breaks."""

from hypothesis import given, settings
from hypothesis import strategies as st

from firstbyte.protocols.ip import decode, encode
from firstbyte.protocols.ip.arp import Arp
from firstbyte.protocols.ip.extensions import Fragment, HopByHop
from firstbyte.protocols.ip.host import Host
from firstbyte.protocols.ip.icmpv4 import Icmpv4
from firstbyte.protocols.ip.icmpv6 import Icmpv6
from firstbyte.protocols.ip.ipv4 import Ipv4
from firstbyte.protocols.ip.ipv6 import Ipv6
from firstbyte.protocols.ip.packet import Packet
from firstbyte.protocols.ip.settings import HostSettings
from firstbyte.protocols.ip.udp import Datagram
from firstbyte.protocols.tcp.segment import Segment
from testbed.ip_world import mac_of

V4 = st.sampled_from(
    [
        "10.0.0.1",
        "10.0.0.2",
        "10.0.0.255",
        "255.255.255.255",
        "0.0.0.0",
        "127.0.0.1",
        "224.0.0.1",
        "192.0.2.1",
        "10.0.0.77",
    ]
)
V6 = st.sampled_from(
    [
        "2001:db8::1",
        "2001:db8::2",
        "ff02::1",
        "ff02::1:ff00:1",
        "::",
        "::1",
        "fe80::1",
        "2001:db8:9::1",
    ]
)
PORT = st.sampled_from([80, 53, 40000, 1])
U32 = st.integers(0, 2**32 - 1)
BYTES = st.binary(max_size=80)
SEGMENTS = st.builds(
    Segment, PORT, PORT, U32, U32, st.integers(0, 511), st.integers(0, 65535), BYTES
)
DATAGRAMS = st.builds(Datagram, PORT, PORT, BYTES)
PROTOCOL = st.sampled_from([1, 6, 17, 58, 99])
TTL = st.sampled_from([0, 1, 2, 64, 255])


@st.composite
def quotes(draw: st.DrawFn) -> bytes:
    """An ICMP error's body: perhaps a packet of ours, perhaps cut."""
    inner = Packet(Ipv4("10.0.0.1", "10.0.0.2", 6), draw(SEGMENTS))
    if draw(st.booleans()):
        inner = Packet(Ipv6("2001:db8::1", "2001:db8::2", 17), draw(DATAGRAMS))
    return encode(inner)[: draw(st.integers(0, 80))]


TYPES = st.sampled_from([0, 1, 2, 3, 4, 5, 8, 11, 12, 128, 129, 133, 134, 135, 136, 137, 200])
ICMP4 = st.builds(Icmpv4, TYPES, st.integers(0, 15), U32, BYTES | quotes())
ICMP6 = st.builds(Icmpv6, TYPES, st.integers(0, 15), U32, BYTES | quotes())
FOUR = st.builds(
    Packet,
    st.builds(
        Ipv4,
        V4,
        V4,
        PROTOCOL,
        TTL,
        st.integers(0, 3),
        st.booleans(),
        st.booleans(),
        st.sampled_from([0, 0, 0, 8, 16, 65528]),
    ),
    SEGMENTS | DATAGRAMS | ICMP4 | BYTES,
)
EXTENSIONS = st.sampled_from(
    [(), (), (HopByHop(),), (Fragment(0, True, 1),), (Fragment(8, False, 1),)]
)
SIX = st.builds(
    Packet,
    st.builds(Ipv6, V6, V6, PROTOCOL, TTL, extensions=EXTENSIONS),
    SEGMENTS | DATAGRAMS | ICMP6 | BYTES,
)
ARPS = st.builds(
    Arp, st.integers(0, 3), st.just(mac_of(2)), V4, st.binary(min_size=6, max_size=6), V4
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(FOUR | SIX | ARPS, st.integers(0, 40_000)), max_size=12), st.booleans())
def test_any_packets(arrivals: list, forwarding: bool) -> None:
    host = Host("a", secret=bytes(16), settings=HostSettings(forwarding=forwarding))
    host.tracing = True
    host.add_interface("eth0", mac=mac_of(1))
    host.add_address("eth0", "10.0.0.1", 24)
    host.add_address("eth0", "2001:db8::1", 64)
    host.tcp_listen("::", 80, dual=True)
    host.udp_bind("0.0.0.0", 53)
    host.ping_open(0)
    host.tcp_connect(("10.0.0.2", 80), 0, local=("10.0.0.1", 40000))
    now = 0
    for packet, pause_ms in arrivals:
        if isinstance(packet, Packet):
            # As from a wire: what cannot be read back is the reader's to drop.
            packet = decode(encode(packet))
        host.receive("eth0", packet, now)
        polled = host.poll(now)
        for out in polled.outgoing:
            if isinstance(out.packet, Packet):
                assert decode(encode(out.packet)).problems == ()
                assert out.packet.size <= 1500
        assert polled.deadline_ns is None or polled.deadline_ns > now
        now += pause_ms * 1_000_000
    for _ in range(500):
        deadline = host.poll(now).deadline_ns
        if deadline is None:
            break
        now = max(now, deadline)
    assert deadline is None, "no timer is left"
    assert all(
        s.state.value not in {"SYN-SENT", "SYN-RECEIVED"} for s in host.tcp.connections.values()
    )


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.binary(max_size=100) | st.binary(max_size=60).map(lambda b: b"\x45\0" + b), max_size=5
    )
)
def test_any_bytes(blobs: list[bytes]) -> None:
    host = Host("a", secret=bytes(16), settings=HostSettings(forwarding=True))
    host.add_interface("tun0")
    host.add_address("tun0", "10.0.0.1", 24)
    for blob in blobs:
        host.receive("tun0", decode(blob), 0)
        host.poll(0)
