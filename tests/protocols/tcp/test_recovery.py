"""Loss recovery by hand: fast retransmit, SACK, NewReno, timeouts, congestion windows."""

from msgspec.structs import replace

from firstbyte.protocols.tcp.config import TcpConfig
from firstbyte.protocols.tcp.options import TcpOptions
from firstbyte.protocols.tcp.recovery import Phase
from firstbyte.protocols.tcp.segment import ACK
from testbed.tcp_peer import MSS_ONLY, PLAIN, Peer, shape

MSS = 1000
SACK = TcpConfig(timestamps=False, window_scaling=False, mss_bytes=MSS, congestion="newreno")
RENO = replace(SACK, sack=False)


def flying(config: TcpConfig, segments: int = 10) -> Peer:
    """A connection with so many full segments in flight."""
    peer = Peer(config, replace(MSS_ONLY, mss=MSS, sack_permitted=config.sack)).connect()
    sent = peer.write(bytes(segments * MSS))
    assert len(sent) == min(segments, 10)
    return peer


def blocks(*pairs: tuple[int, int]) -> TcpOptions:
    return TcpOptions(sack_blocks=tuple((a * MSS + 1, b * MSS + 1) for a, b in pairs))


def test_three_duplicates_retransmit_without_sack() -> None:
    peer = flying(RENO)
    peer.send(ACK, 1, MSS + 1)
    assert peer.send(ACK, 1, MSS + 1) == []
    assert peer.send(ACK, 1, MSS + 1) == []
    assert shape(peer.send(ACK, 1, MSS + 1)) == ["ACK 1001:2001 ack 1"]
    assert peer.c.recovery.phase is Phase.FAST
    assert peer.c.recovery.congestion.ssthresh == 5
    assert peer.send(ACK, 1, 10 * MSS + 1) == []
    assert peer.c.recovery.phase is Phase.OPEN
    assert peer.c.recovery.congestion.cwnd == 5


def test_the_very_first_segment_may_be_the_lost_one() -> None:
    peer = flying(RENO)
    for _ in range(2):
        assert peer.send(ACK, 1, 1) == []
    assert shape(peer.send(ACK, 1, 1)) == ["ACK 1:1001 ack 1"]


def test_a_partial_ack_retransmits_the_next_hole() -> None:
    """RFC 6582, section 3.2, step 3."""
    peer = flying(RENO)
    for _ in range(3):
        peer.send(ACK, 1, 1)
    assert shape(peer.send(ACK, 1, 3 * MSS + 1))[0] == "ACK 3001:4001 ack 1"
    assert peer.c.recovery.phase is Phase.FAST


def test_a_window_update_or_data_is_no_duplicate() -> None:
    peer = flying(RENO)
    for window in (60_000, 50_000, 40_000):
        assert peer.send(ACK, 1, 1, window=window) == []
    assert peer.c.recovery.phase is Phase.OPEN
    assert peer.c.board.virtual == 0


def test_sack_finds_all_holes_and_fills_them() -> None:
    peer = flying(SACK)
    assert peer.send(ACK, 1, 1, options=blocks((1, 2))) == []
    assert peer.send(ACK, 1, 1, options=blocks((3, 4), (1, 2))) == []
    first = peer.send(ACK, 1, 1, options=blocks((5, 6), (3, 4), (1, 2)))
    assert shape(first) == ["ACK 1:1001 ack 1"]
    rest = []
    for right in (7, 8, 9, 10):
        rest += peer.send(ACK, 1, 1, options=blocks((5, right), (3, 4), (1, 2)))
    assert shape(rest) == ["ACK 2001:3001 ack 1", "ACK 4001:5001 ack 1"]
    assert all(s.retransmission for s in rest)
    assert peer.c.info().total_retrans == 3
    peer.send(ACK, 1, 10 * MSS + 1)
    assert peer.c.recovery.phase is Phase.OPEN
    assert peer.c.board.in_flight == 0
    assert peer.c.recovery.congestion.cwnd == peer.c.recovery.congestion.ssthresh == 5


def test_nonsense_in_sack_is_ignored() -> None:
    peer = flying(SACK)
    for wrong in (((20, 30),), ((3, 2),), ((-5, -2),), ((0, 0),)):
        assert peer.send(ACK, 1, 1, options=blocks(*wrong)) == []
    assert peer.c.board.sacked == 0


def test_a_timeout_starts_again_from_one_segment() -> None:
    peer = flying(SACK)
    sent = peer.wait(211)
    assert shape(sent) == ["ACK 1:1001 ack 1"]
    assert peer.c.recovery.phase is Phase.LOSS
    assert peer.c.recovery.congestion.ssthresh == 5
    assert shape(peer.send(ACK, 1, MSS + 1)) == ["ACK 1001:2001 ack 1", "ACK 2001:3001 ack 1"]
    peer.send(ACK, 1, 10 * MSS + 1)
    assert peer.c.recovery.phase is Phase.OPEN


def test_a_timeout_does_not_resend_what_was_sacked() -> None:
    peer = flying(SACK, 4)
    peer.send(ACK, 1, 1, options=blocks((1, 3)))
    peer.wait(211)
    assert shape(peer.send(ACK, 1, 3 * MSS + 1)) == ["PSH ACK 3001:4001 ack 1"]


def test_reneging_is_forgiven_after_a_timeout() -> None:
    """RFC 2018, section 8: the peer may throw away what it has SACKed."""
    peer = flying(SACK, 3)
    peer.send(ACK, 1, 1, options=blocks((1, 2)))
    peer.send(ACK, 1, MSS + 1)
    assert peer.c.board.sacked == 1
    assert shape(peer.wait(500))[0] == "ACK 1001:2001 ack 1"
    assert peer.c.board.sacked == 0


def test_a_second_timeout_keeps_the_threshold() -> None:
    peer = flying(SACK)
    peer.wait(2000)
    assert peer.c.retransmits == 3
    assert peer.c.recovery.congestion.ssthresh == 5


def test_limited_transmit_sends_new_data_on_the_first_duplicates() -> None:
    """RFC 3042, through the window that SACK frees."""
    peer = flying(SACK, 12)
    sent = peer.send(ACK, 1, 1, options=blocks((1, 2)))
    assert shape(sent) == ["ACK 10001:11001 ack 1"]
    sent = peer.send(ACK, 1, 1, options=blocks((1, 3)))
    assert shape(sent) == ["PSH ACK 11001:12001 ack 1"]


def test_a_full_segment_sent_again_has_no_room_for_sack_blocks() -> None:
    peer = flying(SACK)
    (answer,) = peer.send(ACK, 500, 1, b"out of order")
    assert answer.options.sack_blocks
    again = [s for s in peer.wait(250) if s.payload]
    assert again
    assert all(s.size <= MSS + 20 for s in again)
    peer.send(ACK, 1, 10 * MSS + 1)
    (fresh,) = peer.write(bytes(MSS - 12))
    assert fresh.options.sack_blocks
    assert fresh.size == MSS + 20


def test_idleness_shrinks_the_window_again() -> None:
    peer = flying(PLAIN_NEWRENO, 10)
    peer.send(ACK, 1, 10_001)
    assert peer.c.recovery.congestion.cwnd == 20
    peer.now_ns += 10 * 10**9
    assert len(peer.write(bytes(30 * MSS))) == 10


def test_the_window_does_not_grow_when_it_is_not_used() -> None:
    peer = flying(PLAIN_NEWRENO, 1)
    peer.send(ACK, 1, 1001)
    assert peer.c.recovery.congestion.cwnd == 10


def test_handshake_with_more_than_one_loss_starts_with_one_segment() -> None:
    peer = Peer(replace(PLAIN, mss_bytes=MSS))
    peer.c.connect(0)
    peer.wait(3000)
    peer.send(18, 0, 1, options=peer.options)
    assert len(peer.write(bytes(5 * MSS))) == 1


PLAIN_NEWRENO = replace(PLAIN, mss_bytes=MSS, congestion="newreno")
