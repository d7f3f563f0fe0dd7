"""Whole packets: round trips, tolerance of anything, and strictness about every rule."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstbyte.errors import DecodeError
from firstbyte.protocols.ip import decode, decode_quoted, decode_strict, encode
from firstbyte.protocols.ip.extensions import DestinationOptions, Fragment, HopByHop, Routing
from firstbyte.protocols.ip.icmpv4 import Icmpv4, echo
from firstbyte.protocols.ip.icmpv6 import Icmpv6
from firstbyte.protocols.ip.ipv4 import Ipv4
from firstbyte.protocols.ip.ipv6 import Ipv6
from firstbyte.protocols.ip.packet import ICMPV4, ICMPV6, TCP, UDP, Packet
from firstbyte.protocols.ip.udp import Datagram
from firstbyte.protocols.tcp.options import TcpOptions
from firstbyte.protocols.tcp.segment import ACK, PSH, SYN, Segment

U8, U16, U32 = (st.integers(0, 2**bits - 1) for bits in (8, 16, 32))
V4 = st.ip_addresses(v=4).map(str)
V6 = st.ip_addresses(v=6).map(str)
DATA = st.binary(max_size=200)

OPTIONS = st.builds(
    TcpOptions,
    mss=st.none() | U16,
    window_scale=st.none() | st.integers(0, 14),
    sack_permitted=st.booleans(),
    sack_blocks=st.lists(st.tuples(U32, U32), max_size=1).map(tuple),
    timestamp=st.none() | st.tuples(U32, U32),
)
SEGMENTS = st.builds(Segment, U16, U16, U32, U32, st.integers(0, 511), U16, DATA, OPTIONS, U16)
DATAGRAMS = st.builds(Datagram, U16, U16, DATA)
OPTION_LIST = st.lists(st.tuples(st.integers(2, 255), st.binary(max_size=6)), max_size=3).map(tuple)
EXTENSIONS = st.one_of(
    st.builds(DestinationOptions, OPTION_LIST),
    st.builds(Routing, U8, U8, st.sampled_from([4, 12, 20]).map(bytes)),
    st.builds(Fragment, st.just(0), st.just(False), U32),
)
CHAINS = st.tuples(
    st.just(()) | st.builds(HopByHop, OPTION_LIST).map(lambda e: (e,)),
    st.lists(EXTENSIONS, max_size=3).map(tuple),
).map(lambda both: both[0] + both[1])


@st.composite
def packets(draw: st.DrawFn) -> Packet:
    four = draw(st.booleans())
    icmp = st.builds(Icmpv4 if four else Icmpv6, U8, U8, U32, DATA)
    protocol, body = draw(
        st.one_of(
            st.tuples(st.just(TCP), SEGMENTS),
            st.tuples(st.just(UDP), DATAGRAMS),
            st.tuples(st.just(ICMPV4 if four else ICMPV6), icmp),
            st.tuples(st.just(99), DATA),
        )
    )
    if four:
        tail = draw(OPTION_LIST)
        header = Ipv4(
            draw(V4), draw(V4), protocol, draw(U8), draw(U16), draw(st.booleans()), options=tail
        )
        return Packet(header, body)
    chain = draw(CHAINS)
    return Packet(
        Ipv6(
            draw(V6),
            draw(V6),
            protocol,
            draw(U8),
            flow_label=draw(st.integers(0, 2**20 - 1)),
            extensions=chain,
        ),
        body,
    )


@given(packets())
def test_what_is_encoded_is_decoded(packet: Packet) -> None:
    data = encode(packet)
    again = decode_strict(data)
    assert again == packet
    assert encode(again) == data
    assert packet.size == len(data)


@given(
    st.binary(max_size=120)
    | st.binary(max_size=80).map(lambda b: b"\x45" + b)
    | st.binary(max_size=80).map(lambda b: b"\x60" + b)
)
def test_any_bytes_are_shown(data: bytes) -> None:
    packet = decode(data)
    decode_quoted(data)
    if packet.problems:
        with pytest.raises(DecodeError) as caught:
            decode_strict(data)
        assert caught.value.offset <= len(data)
        assert caught.value.reference


@given(packets(), st.data())
def test_a_damaged_packet_is_still_shown_and_a_flipped_bit_is_noticed(
    packet: Packet, data: st.DataObject
) -> None:
    whole = bytearray(encode(packet))
    position = data.draw(st.integers(0, len(whole) * 8 - 1))
    whole[position // 8] ^= 1 << position % 8
    decode(bytes(whole))
    cut = data.draw(st.integers(0, len(whole)))
    decode(bytes(whole[:cut]))
    if isinstance(packet.ip, Ipv4) and packet.ip.protocol in {TCP, ICMPV4}:
        assert decode(bytes(whole)).problems


SEGMENT = Segment(40000, 80, 1, 2, PSH | ACK, 100, b"hello")


def good() -> bytearray:
    return bytearray(encode(Packet(Ipv4("10.0.0.1", "10.0.0.2", TCP), SEGMENT)))


def test_a_known_header_by_its_bytes() -> None:
    # The example header of RFC 1071-style texts: 45 00 00 73 … sums to 0xb861.
    header = bytes.fromhex("450000730000400040 11 b861 c0a80001c0a800c7".replace(" ", ""))
    packet = decode(header + bytes.fromhex("00000000005f0000") + bytes(0x73 - 28))
    assert packet.problems == ()
    assert packet.ip == Ipv4("192.168.0.1", "192.168.0.199", UDP, 64, 0)
    assert encode(packet)[:20] == header


@pytest.mark.parametrize(
    ("at", "value", "field", "offset"),
    [
        (0, 0x75, "IP version", 0),
        (0, 0x44, "IHL", 0),
        (2, 0xFF, "total length", 2),
        (10, 0x00, "IPv4 header checksum", 10),
        (20 + 12, 0x40, "data offset", 32),
        (20 + 16, 0x00, "TCP checksum", 36),
    ],
)
def test_every_broken_field_is_named(at: int, value: int, field: str, offset: int) -> None:
    data = good()
    data[at] = value
    problems = {(p.field, p.offset) for p in decode(bytes(data)).problems}
    assert (field, offset) in problems


def test_a_cut_capture_says_how_much_is_missing() -> None:
    packet = decode(bytes(good()[:42]))
    assert isinstance(packet.transport, Segment)
    assert packet.missing_bytes == 3
    assert packet.transport.payload == b"he"
    assert packet.size == len(good())
    assert [p.field for p in packet.problems] == ["total length"]


def test_checksums_can_be_left_out_for_captures_with_offload() -> None:
    data = good()
    data[36:38] = b"\0\0"
    assert decode(bytes(data), checksums=False).problems == ()


def test_a_quoted_tcp_header_may_be_cut_after_eight_bytes() -> None:
    packet = decode_quoted(bytes(good()[:28]))
    assert isinstance(packet.transport, Segment)
    assert (packet.transport.source_port, packet.transport.seq) == (40000, 1)


def test_zero_udp_checksum_is_fine_in_ipv4_only() -> None:
    datagram = Datagram(1, 2, b"x")
    four = bytearray(encode(Packet(Ipv4("10.0.0.1", "10.0.0.2", UDP), datagram)))
    six = bytearray(encode(Packet(Ipv6("::1", "::2", UDP), datagram)))
    four[26:28] = six[46:48] = b"\0\0"
    assert decode(bytes(four)).problems == ()
    assert [p.field for p in decode(bytes(six)).problems] == ["UDP checksum"]


def test_a_fragment_keeps_its_bytes() -> None:
    packet = Packet(
        Ipv4(
            "10.0.0.1",
            "10.0.0.2",
            TCP,
            dont_fragment=False,
            more_fragments=True,
            fragment_offset=1480,
        ),
        b"12345678",
    )
    assert decode_strict(encode(packet)) == packet


def test_names_and_flags() -> None:
    assert Segment(1, 2, 0, 0, SYN | ACK, 0).flag_names == "SYN ACK"
    assert echo(7, 9, b"x").name == "echo request"
    assert (echo(7, 9, b"x").identifier, echo(7, 9, b"x").sequence) == (7, 9)


@pytest.mark.parametrize(("at", "bits"), [(6, 0x80), (20 + 12, 0x02)])
def test_reserved_bits_are_noted_and_harmless(at: int, bits: int) -> None:
    data = good()
    data[at] |= bits
    packet = decode(bytes(data), checksums=False)
    assert [p.harmless for p in packet.problems] == [True]
    assert packet.is_acceptable
    assert not decode(bytes(data)).is_acceptable, "the checksum is wrong now"
