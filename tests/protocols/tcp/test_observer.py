import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstbyte.events.tcp import Segment as SegmentEvent
from firstbyte.protocols.ip import Packet, encode
from firstbyte.protocols.ip.ipv4 import Ipv4
from firstbyte.protocols.tcp.observer import SegmentObserver
from firstbyte.protocols.tcp.options import TcpOptions
from firstbyte.protocols.tcp.segment import ACK, FIN, PSH, SYN, Segment

OURS, PEERS = "192.0.2.1", "198.51.100.2"
SYN_OPTIONS = TcpOptions(mss=1460, window_scale=7, sack_permitted=True, timestamp=(1, 0))


class Exchange:
    def __init__(self, our_isn: int = 1000, peer_isn: int = 0xFFFFFFF0) -> None:
        self.observer = SegmentObserver()
        self.isn = {True: our_isn, False: peer_isn}

    def see(
        self,
        outgoing: bool,
        flags: int,
        seq: int = 0,
        ack: int = 0,
        payload: bytes = b"",
        options: TcpOptions = TcpOptions(),  # noqa: B008 - immutable
        snap: int | None = None,
    ) -> SegmentEvent:
        """Relative numbers in, a packet as on a real wire out, observed."""
        ports = (40000, 443) if outgoing else (443, 40000)
        segment = Segment(
            *ports,
            (self.isn[outgoing] + seq) % 2**32,
            (self.isn[not outgoing] + ack) % 2**32,
            flags,
            500,
            payload,
            options,
        )
        pair = (OURS, PEERS) if outgoing else (PEERS, OURS)
        data = encode(Packet(Ipv4(*pair, protocol=6), segment))
        event = self.observer.observe(data[:snap], outgoing=outgoing)
        assert event is not None
        return event

    def shake_hands(self, peer_options: TcpOptions = SYN_OPTIONS) -> None:
        self.see(True, SYN, options=SYN_OPTIONS)
        self.see(False, SYN | ACK, ack=1, options=peer_options)
        self.see(True, ACK, seq=1, ack=1)


def test_the_handshake_in_relative_numbers() -> None:
    x = Exchange()
    syn = x.see(True, SYN, options=SYN_OPTIONS)
    assert (syn.flags, syn.seq, syn.ack, syn.length) == ("SYN", 0, None, 0)
    assert syn.options.mss == 1460
    assert syn.options.window_scale == 7
    assert syn.options.sack_permitted
    assert syn.window_bytes == 500
    assert syn.packet_bytes == 20 + 20 + 4 + 4 + 12
    answer = x.see(False, SYN | ACK, ack=1, options=SYN_OPTIONS)
    assert (answer.flags, answer.seq, answer.ack) == ("SYN ACK", 0, 1)
    ack = x.see(True, ACK, seq=1, ack=1)
    assert (ack.seq, ack.ack, ack.window_bytes) == (1, 1, 500 << 7)


def test_windows_stay_unscaled_when_one_side_did_not_offer() -> None:
    x = Exchange()
    x.shake_hands(TcpOptions(mss=1460))
    assert x.see(True, ACK, seq=1, ack=1).window_bytes == 500


def test_retransmissions_are_marked_and_new_data_is_not() -> None:
    x = Exchange()
    assert not x.see(True, SYN).retransmission
    assert x.see(True, SYN).retransmission
    x.see(False, SYN | ACK, ack=1)
    assert not x.see(True, PSH | ACK, seq=1, ack=1, payload=b"a" * 100).retransmission
    assert not x.see(True, PSH | ACK, seq=101, ack=1, payload=b"b" * 100).retransmission
    assert x.see(True, PSH | ACK, seq=1, ack=1, payload=b"a" * 100).retransmission
    assert not x.see(True, ACK, seq=201, ack=1).retransmission
    assert not x.see(True, FIN | ACK, seq=201, ack=1).retransmission
    assert x.see(True, FIN | ACK, seq=201, ack=1).retransmission


def test_a_cut_off_tail_still_counts() -> None:
    x = Exchange()
    x.shake_hands()
    assert x.see(True, ACK, seq=1, ack=1, payload=b"z" * 1400, snap=96).length == 1400


def test_sequence_numbers_wrap() -> None:
    x = Exchange(our_isn=0xFFFFFFF0)
    x.shake_hands()
    assert x.see(True, ACK, seq=101, ack=1, payload=b"q").seq == 101
    x.observer._us.sent_end = 5 * 2**32
    assert x.see(True, ACK, seq=300, ack=1).seq == 5 * 2**32 + 300


def test_a_connection_seen_from_its_middle() -> None:
    event = Exchange().see(True, PSH | ACK, seq=777, ack=9, payload=b"hello")
    assert (event.seq, event.length) == (1, 5)


def test_sack_blocks_are_relative_to_the_peer() -> None:
    x = Exchange()
    x.shake_hands()
    blocks = ((x.isn[True] + 201, x.isn[True] + 301),)
    event = x.see(False, ACK, seq=1, ack=101, options=TcpOptions(sack_blocks=blocks))
    assert event.options.sack_blocks == ((201, 301),)


@pytest.mark.parametrize("data", [b"", b"\x45", b"garbage" * 9])
def test_unreadable_packets_give_nothing(data: bytes) -> None:
    assert SegmentObserver().observe(data, outgoing=True) is None


@given(st.lists(st.tuples(st.binary(max_size=90), st.booleans()), max_size=20))
def test_no_bytes_raise(packets: list[tuple[bytes, bool]]) -> None:
    observer = SegmentObserver()
    for data, outgoing in packets:
        observer.observe(b"\x45" + data, outgoing=outgoing)
