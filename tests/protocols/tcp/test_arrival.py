"""Segments that should not be believed: RFC 9293's checks, RFC 5961's challenges, PAWS."""

import pytest
from msgspec.structs import replace

from firstbyte.protocols.tcp.config import TcpConfig
from firstbyte.protocols.tcp.options import TcpOptions
from firstbyte.protocols.tcp.segment import ACK, FIN, PSH, RST, SYN
from firstbyte.protocols.tcp.states import SYNCHRONIZED, State
from testbed.tcp_peer import MSS_ONLY, PLAIN, Peer, in_state, shape

SYNCHRONIZED_STATES = sorted(SYNCHRONIZED, key=lambda s: s.value)


def test_listen_answers_ack_with_rst_and_ignores_rst() -> None:
    peer = in_state(State.LISTEN)
    assert peer.send(RST, 5) == []
    assert shape(peer.send(ACK, 5, 77)) == ["RST 77:77"]
    assert peer.send(FIN, 5) == []
    assert peer.state is State.LISTEN


@pytest.mark.parametrize("ack", [0, 2, 1000])
def test_syn_sent_refuses_a_wrong_ack(ack: int) -> None:
    peer = in_state(State.SYN_SENT)
    assert shape(peer.send(SYN | ACK, 0, ack)) == [f"RST {ack}:{ack}"]
    assert peer.send(RST | ACK, 0, ack) == []
    assert peer.send(RST, 0) == []
    assert peer.state is State.SYN_SENT


@pytest.mark.parametrize("state", SYNCHRONIZED_STATES)
def test_rst_in_the_window_but_not_exact_is_challenged(state: State) -> None:
    peer = in_state(state)
    nxt = peer.c.receiver.nxt - peer.c.receiver.irs
    sent = peer.c.sender.nxt - peer.c.sender.iss
    assert shape(peer.send(RST, nxt + 100)) == [f"ACK {sent}:{sent} ack {nxt}"]
    assert peer.state is state
    assert peer.send(RST, nxt + 100_000) == []
    assert peer.state is state


@pytest.mark.parametrize("state", SYNCHRONIZED_STATES)
def test_syn_within_a_connection_is_challenged(state: State) -> None:
    peer = in_state(state)
    nxt = peer.c.receiver.nxt - peer.c.receiver.irs
    answers = peer.send(SYN, nxt + 5)
    assert [s.flags for s in answers] == [ACK]
    assert answers[0].ack == nxt
    assert peer.state is state


def test_challenges_are_limited() -> None:
    peer = in_state(State.ESTABLISHED)
    assert len(peer.send(SYN, 5)) == 1
    assert peer.send(SYN, 5) == []
    peer.now_ns += 499_999_999
    assert peer.send(SYN, 5) == []
    peer.now_ns += 1
    assert len(peer.send(SYN, 5)) == 1


def test_an_ack_of_what_was_never_sent_is_challenged_and_dropped() -> None:
    peer = in_state(State.ESTABLISHED)
    assert shape(peer.send(ACK, 1, 500, b"data")) == ["ACK 1:1 ack 1"]
    assert peer.c.read() == b""


def test_an_ack_far_below_the_window_is_challenged() -> None:
    peer = in_state(State.ESTABLISHED)
    assert shape(peer.send(ACK, 1, 1 - 70_000, b"data")) == ["ACK 1:1 ack 1"]
    assert peer.c.read() == b""


def test_a_segment_without_ack_is_dropped() -> None:
    peer = in_state(State.ESTABLISHED)
    assert peer.send(PSH, 1, 0, b"data") == []
    assert peer.c.read() == b""


def test_syn_received_refuses_a_wrong_ack_and_takes_data_with_the_right_one() -> None:
    peer = in_state(State.SYN_RECEIVED)
    assert shape(peer.send(ACK, 1, 9)) == ["RST 9:9"]
    assert peer.state is State.SYN_RECEIVED
    assert shape(peer.send(ACK, 1, 1, b"hello")) == ["ACK 1:1 ack 6"]
    assert peer.c.read() == b"hello"
    assert peer.state is State.ESTABLISHED


def test_data_outside_of_the_window_is_answered_and_dropped() -> None:
    peer = in_state(State.ESTABLISHED)
    assert shape(peer.send(ACK, 1 + 64_241, 1, b"x")) == ["ACK 1:1 ack 1"]
    assert shape(peer.send(ACK, 1, 1, b"in order")) == ["ACK 1:1 ack 9"]
    assert shape(peer.send(ACK, 1, 1, b"in order")) == ["ACK 1:1 ack 9"]
    assert peer.c.read() == b"in order"


def test_data_that_overlaps_is_cut() -> None:
    peer = in_state(State.ESTABLISHED)
    peer.send(ACK, 1, 1, b"abc")
    peer.send(ACK, 2, 1, b"bcdef")
    assert peer.c.read() == b"abcdef"


def test_fin_out_of_order_waits_for_the_data_before_it() -> None:
    peer = in_state(State.ESTABLISHED)
    assert shape(peer.send(FIN | ACK, 4, 1, b"def")) == ["ACK 1:1 ack 1"]
    assert peer.state is State.ESTABLISHED
    assert shape(peer.send(ACK, 1, 1, b"abc")) == ["ACK 1:1 ack 8"]
    assert peer.state is State.CLOSE_WAIT
    assert peer.c.read() == b"abcdef"
    assert peer.c.at_eof


def stamped(value: int, echo: int = 0) -> TcpOptions:
    return TcpOptions(timestamp=(value, echo))


STAMPS = TcpConfig(sack=False, window_scaling=False)


def test_paws_drops_an_old_timestamp_but_not_a_rst() -> None:
    peer = Peer(STAMPS, TcpOptions(mss=1460, timestamp=(1000, 0))).connect()
    assert shape(peer.send(ACK, 1, 1, b"old", options=stamped(999))) == ["ACK 1:1 ack 1"]
    assert peer.c.read() == b""
    peer.send(ACK, 1, 1, b"new", options=stamped(1001))
    assert peer.c.read() == b"new"
    assert peer.c.ts_recent == 1001
    peer.send(RST, 4, options=stamped(5))
    assert peer.state is State.CLOSED


def test_paws_forgets_after_24_days() -> None:
    peer = Peer(STAMPS, TcpOptions(mss=1460, timestamp=(1000, 0))).connect()
    peer.now_ns += 25 * 24 * 3600 * 10**9
    peer.send(ACK, 1, 1, b"back", options=stamped(1))
    assert peer.c.read() == b"back"


def test_a_timestamp_out_of_order_is_not_remembered() -> None:
    peer = Peer(STAMPS, TcpOptions(mss=1460, timestamp=(1000, 0))).connect()
    peer.send(ACK, 100, 1, b"later", options=stamped(2000))
    assert peer.c.ts_recent == 1000


def test_window_of_zero_still_takes_acks() -> None:
    small = replace(PLAIN, receive_buffer_bytes=10, receive_buffer_max_bytes=10)
    peer = Peer(small).connect()
    peer.write(b"hello")
    answer = peer.send(ACK, 1, 1, b"0123456789")
    assert answer[-1].window == 0
    peer.send(ACK, 11, 6)
    assert peer.c.sender.una == peer.c.sender.nxt
    assert shape(peer.send(ACK, 11, 6, b"x")) == ["ACK 6:6 ack 11"]
    assert peer.c.read() == b"0123456789"


def test_options_of_a_peer_without_any() -> None:
    peer = Peer(TcpConfig(), TcpOptions()).connect()
    assert peer.c.sender.mss == 536
    sent = peer.write(bytes(600))
    assert [len(s.payload) for s in sent] == [536, 64]
    assert sent[0].options == TcpOptions()


def test_a_mss_below_reason_is_raised() -> None:
    assert Peer(PLAIN, replace(MSS_ONLY, mss=1)).connect().c.sender.mss == 48


def test_a_repeated_syn_gets_the_syn_ack_again() -> None:
    peer = in_state(State.SYN_RECEIVED)
    assert shape(peer.send(SYN, 0, options=MSS_ONLY)) == ["SYN ACK 0:0 ack 1"]
    assert peer.send(RST, 0) == []
    assert peer.state is State.SYN_RECEIVED
