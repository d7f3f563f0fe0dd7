"""Ethernet, ARP and neighbour discovery."""

from hypothesis import given
from hypothesis import strategies as st

from firstbyte.protocols.ip import addresses
from firstbyte.protocols.ip.arp import REPLY, REQUEST, Arp, decode_arp, encode_arp
from firstbyte.protocols.ip.ethernet import Frame, decode_frame, encode_frame
from firstbyte.protocols.ip.icmpv6 import NEIGHBOR_SOLICITATION, Icmpv6
from firstbyte.protocols.ip.ndp import (
    Advertisement,
    Solicitation,
    decode_neighbor,
    encode_advertisement,
    encode_solicitation,
)
from firstbyte.protocols.problem import Problems

MAC = st.binary(min_size=6, max_size=6)
V4 = st.ip_addresses(v=4).map(str)
V6 = st.ip_addresses(v=6).map(str)
ETHERTYPES = st.integers(0x600, 0xFFFF).filter(lambda e: e != 0x8100)


@given(
    st.builds(
        Frame, MAC, MAC, ETHERTYPES, st.binary(max_size=60), st.none() | st.integers(0, 0xFFFF)
    )
)
def test_frames_round_trip(frame: Frame) -> None:
    problems = Problems()
    assert decode_frame(encode_frame(frame), problems) == frame
    assert problems.found == []


@given(st.builds(Arp, st.sampled_from([REQUEST, REPLY]), MAC, V4, MAC, V4))
def test_arp_round_trips(arp: Arp) -> None:
    problems = Problems()
    assert decode_arp(encode_arp(arp), problems) == arp
    assert problems.found == []


@given(st.builds(Advertisement, V6, st.none() | MAC, st.booleans(), st.booleans(), st.booleans()))
def test_advertisements_round_trip(message: Advertisement) -> None:
    assert decode_neighbor(encode_advertisement(message), Problems()) == message


@given(st.builds(Solicitation, V6, st.none() | MAC))
def test_solicitations_round_trip(message: Solicitation) -> None:
    assert decode_neighbor(encode_solicitation(message), Problems()) == message


@given(st.binary(max_size=60))
def test_any_bytes_are_read(data: bytes) -> None:
    decode_frame(data, Problems())
    decode_arp(data, Problems())
    decode_neighbor(Icmpv6(NEIGHBOR_SOLICITATION, 0, 0, data), Problems())


def test_short_and_foreign_packets_are_named() -> None:
    problems = Problems()
    assert decode_frame(b"short", problems) is None
    assert decode_arp(bytes(28), problems) is None
    assert [p.field for p in problems.found] == ["Ethernet header", "ARP address types"]


def test_derived_addresses() -> None:
    assert addresses.solicited_node("2001:db8::12:3456") == "ff02::1:ff12:3456"
    assert addresses.multicast_mac("224.129.2.3").hex(":") == "01:00:5e:01:02:03"
    assert addresses.multicast_mac("ff02::1:ff12:3456").hex(":") == "33:33:ff:12:34:56"
    assert addresses.canonical("2001:DB8:0::1") == "2001:db8::1"
