"""Fragmentation and reassembly: any order, any overlap, bounds of time and memory."""

from hypothesis import given
from hypothesis import strategies as st

from firstbyte.protocols.ip.fragments import Reassembler, fragment
from firstbyte.protocols.ip.ipv4 import Ipv4
from firstbyte.protocols.ip.ipv6 import Ipv6
from firstbyte.protocols.ip.packet import UDP, Packet
from firstbyte.protocols.ip.settings import HostSettings
from firstbyte.protocols.ip.udp import Datagram
from firstbyte.protocols.tcp.timers import NEVER

HEADERS = st.sampled_from([Ipv4("10.0.0.1", "10.0.0.2", UDP), Ipv6("::1", "::2", UDP)])


@given(HEADERS, st.binary(max_size=4000), st.integers(100, 1500), st.randoms())
def test_pieces_in_any_order_and_number_make_the_whole(header, data, mtu, rng) -> None:
    packet = Packet(header, Datagram(1, 2, data))
    pieces = fragment(packet, mtu, 77)
    assert all(p.size <= mtu for p in pieces)
    shuffled = pieces + rng.sample(pieces, len(pieces) // 2)
    rng.shuffle(shuffled)
    reassembler = Reassembler(HostSettings())
    if len(pieces) == 1 and not pieces[0].ip.is_fragment:
        return
    whole = [w for w in (reassembler.add(p, 0) for p in shuffled) if w is not None]
    assert whole
    assert all(w.transport == packet.transport and not w.problems for w in whole)
    reassembler.expire(10**12)
    assert reassembler.deadline == NEVER


@given(HEADERS, st.integers(100, 600), st.integers(60, 99))
def test_a_piece_may_be_cut_again_in_ipv4(header, first, second) -> None:
    if isinstance(header, Ipv6):
        return
    packet = Packet(header, Datagram(1, 2, bytes(range(256)) * 8))
    pieces = [small for big in fragment(packet, first, 5) for small in fragment(big, second, 6)]
    reassembler = Reassembler(HostSettings())
    whole = [w for w in (reassembler.add(p, 0) for p in pieces) if w is not None]
    assert [w.transport for w in whole] == [packet.transport]


def piece(offset: int, data: bytes, *, more: bool = True, ident: int = 1) -> Packet:
    header = Ipv4("10.0.0.1", "10.0.0.2", UDP, 64, ident, False, more, offset)
    return Packet(header, data)


def test_overlaps_kill_the_datagram() -> None:
    reassembler = Reassembler(HostSettings())
    assert reassembler.add(piece(0, bytes(16)), 0) is None
    assert reassembler.add(piece(8, b"overlaps"), 0) is None
    assert reassembler.deadline == NEVER


def test_contradictions_kill_the_datagram() -> None:
    for pieces in (
        [piece(0, bytes(7))],
        [piece(0, b"")],
        [piece(65_528, bytes(16), more=False)],
        [piece(16, bytes(8), more=False), piece(32, bytes(8), more=False)],
        [piece(8, bytes(8), more=False), piece(16, bytes(8))],
    ):
        reassembler = Reassembler(HostSettings())
        assert [reassembler.add(p, 0) for p in pieces] == [None] * len(pieces)
        assert reassembler.deadline == NEVER


def test_time_runs_out_after_30_seconds_and_the_first_piece_is_given_back() -> None:
    reassembler = Reassembler(HostSettings())
    first = piece(0, bytes(8))
    reassembler.add(first, 0)
    reassembler.add(piece(8, bytes(8), ident=2), 10**9)
    assert reassembler.deadline == 30 * 10**9
    assert reassembler.expire(30 * 10**9 - 1) == []
    assert reassembler.expire(30 * 10**9) == [first]
    assert reassembler.expire(31 * 10**9) == []
    assert reassembler.deadline == NEVER


def test_memory_is_bounded() -> None:
    reassembler = Reassembler(HostSettings(reassembly_bytes=10_000))
    for ident in range(100):
        reassembler.add(piece(0, bytes(800), ident=ident), 0)
    assert len(reassembler._partials) <= 12


def test_empty_last_pieces_are_bounded_too() -> None:
    reassembler = Reassembler(HostSettings(reassembly_bytes=10_000))
    for ident in range(1000):
        reassembler.add(piece(8, b"", more=False, ident=ident), 0)
    assert len(reassembler._partials) <= 10_000 // 64
    assert {reason for _, reason in reassembler.take_drops()} == {"reassembly_full"}
    assert reassembler.take_drops() == []


def test_every_lost_fragment_has_its_reason() -> None:
    reassembler = Reassembler(HostSettings())
    reassembler.add(piece(0, bytes(16)), 0)
    reassembler.add(piece(8, bytes(range(16))), 0)
    assert [reason for _, reason in reassembler.take_drops()] == ["fragment_overlap"]
    reassembler.add(piece(0, bytes(16), ident=9), 0)
    reassembler.expire(31 * 10**9)
    assert [reason for _, reason in reassembler.take_drops()] == ["reassembly_timeout"]


def test_many_small_pieces_take_little_time() -> None:
    """8,000 pieces in the worst order: a search among all of them for each would take seconds."""
    reassembler = Reassembler(HostSettings())
    packet = Packet(Ipv4("10.0.0.1", "10.0.0.2", UDP), Datagram(1, 2, bytes(64_000)))
    pieces = fragment(packet, 28, 5)
    comparisons = 0

    class Counted(int):
        def __lt__(self, other):
            nonlocal comparisons
            comparisons += 1
            return int(self) < other

    for one in pieces:
        one.ip.fragment_offset = Counted(one.ip.fragment_offset)
    whole = [reassembler.add(one, 0) for one in reversed(pieces)]
    assert whole[-1].transport == packet.transport
    assert comparisons < 40 * len(pieces)
