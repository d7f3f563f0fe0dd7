"""Timers at the RFCs' and Linux's times."""

import pytest
from msgspec.structs import replace

from firstbyte.events.tcp import TimerFired
from firstbyte.protocols.tcp.config import MS, SECOND, TcpConfig
from firstbyte.protocols.tcp.segment import ACK, FIN, SYN
from firstbyte.protocols.tcp.states import State
from testbed.tcp_peer import PLAIN, Peer, in_state, shape


def test_syn_is_sent_again_at_1_3_7_15_31_63_seconds_and_given_up_at_127() -> None:
    peer = in_state(State.SYN_SENT)
    sent = peer.wait_timed(200_000)
    assert [ms for ms, _ in sent] == [1000, 3000, 7000, 15_000, 31_000, 63_000]
    assert all(s.flags == SYN and s.retransmission for _, s in sent)
    assert (peer.state, peer.c.error) == (State.CLOSED, "ETIMEDOUT")
    closed = next(t for t in peer.told if t.what.__class__.__name__ == "Closed")
    assert closed.at_ns == 127 * SECOND
    fired = [t.what.count for t in peer.told if isinstance(t.what, TimerFired)]
    assert fired == [1, 2, 3, 4, 5, 6]


def test_syn_ack_is_sent_again_five_times_and_given_up_at_63_seconds() -> None:
    peer = in_state(State.SYN_RECEIVED)
    sent = peer.wait_timed(100_000)
    assert [ms for ms, _ in sent] == [1000, 3000, 7000, 15_000, 31_000]
    assert all(s.flags == SYN | ACK for _, s in sent)
    assert peer.state is State.CLOSED


def test_data_is_sent_again_with_doubling_pauses_and_given_up_after_924_6_seconds() -> None:
    peer = Peer(PLAIN).connect(rtt_ms=10)
    peer.write(b"lost")
    sent = peer.wait_timed(2_000_000)
    times = [ms for ms, _ in sent]
    gaps = [b - a for a, b in zip([0.0, *times], times, strict=False)]
    assert gaps[:9] == [210.0 * 2**n for n in range(9)]
    assert gaps[10:] == [120_000.0] * len(gaps[10:])
    assert len(times) == 15
    assert {s.payload for _, s in sent} == {b"lost"}
    assert (peer.state, peer.c.error) == (State.CLOSED, "ETIMEDOUT")


def test_no_round_trip_measured_means_three_seconds() -> None:
    """RFC 6298, section 5.7: the SYN was sent twice, and nothing tells which was answered."""
    peer = Peer(PLAIN)
    peer.c.connect(0)
    peer.wait(1000)
    peer.send(SYN | ACK, 0, 1, options=peer.options)
    peer.write(b"x")
    assert [ms for ms, _ in peer.wait_timed(4000)] == [3000.0]


def test_back_off_ends_with_a_new_measurement() -> None:
    peer = in_state(State.ESTABLISHED)
    peer.write(b"a")
    peer.wait(1000)
    assert peer.c.rtt.backoff == 2
    peer.send(ACK, 1, 2)
    peer.write(b"b")
    assert peer.c.rtt.backoff == 2, "Karn: an acknowledged retransmission measures nothing"
    peer.now_ns += 10 * MS
    peer.send(ACK, 1, 3)
    assert peer.c.rtt.backoff == 0


def test_user_timeout_is_met_to_the_millisecond() -> None:
    peer = Peer(replace(PLAIN, user_timeout_ns=5 * SECOND)).connect()
    peer.write(b"lost")
    begun = peer.now_ns
    peer.wait(60_000)
    assert (peer.state, peer.c.error) == (State.CLOSED, "ETIMEDOUT")
    closed = next(t for t in peer.told if t.what.__class__.__name__ == "Closed")
    assert closed.at_ns - begun == 5 * SECOND


KEEPALIVE = replace(PLAIN, keepalive=True)


def test_keepalive_probes_at_linux_times_and_gives_up_after_7875_seconds() -> None:
    peer = Peer(KEEPALIVE).connect()
    sent = peer.wait_timed(10_000_000)
    probes = [ms / 1000 for ms, s in sent if s.flags == ACK]
    assert probes == [7200.0 + 75 * n for n in range(9)]
    assert shape([s for _, s in sent])[0] == "ACK 0:0 ack 1"
    assert sent[-1][0] == 7_875_000
    assert shape([sent[-1][1]]) == ["RST ACK 1:1 ack 1"]
    assert (peer.state, peer.c.error) == (State.CLOSED, "ETIMEDOUT")


def test_10_5_3_finds_a_dead_peer_in_25_seconds() -> None:
    config = replace(
        KEEPALIVE,
        keepalive_idle_ns=10 * SECOND,
        keepalive_interval_ns=5 * SECOND,
        keepalive_probes=3,
    )
    peer = Peer(config).connect()
    assert peer.wait_timed(60_000)[-1][0] == 25_000


def test_a_user_timeout_takes_the_place_of_the_count_of_probes() -> None:
    config = replace(KEEPALIVE, keepalive_idle_ns=10 * SECOND, user_timeout_ns=200 * SECOND)
    peer = Peer(config).connect()
    assert peer.wait_timed(600_000)[-1][0] == 235_000  # the first probe due after 200 s
    patient = Peer(replace(config, user_timeout_ns=1000 * SECOND)).connect()
    assert patient.wait_timed(2_000_000)[-1][0] == 1_060_000  # more than 9 probes


def test_an_answered_probe_starts_the_idle_time_again() -> None:
    peer = Peer(KEEPALIVE).connect()
    peer.wait(7_200_000)
    peer.send(ACK, 1, 1)
    assert peer.c.probes == 0
    assert peer.wait(7_199_999) == []
    assert len(peer.wait(1)) == 1


def test_a_keepalive_probe_of_the_peer_is_answered() -> None:
    peer = in_state(State.ESTABLISHED)
    assert shape(peer.send(ACK, 0, 1)) == ["ACK 1:1 ack 1"]


def test_zero_window_is_probed_ever_more_rarely_while_the_peer_answers() -> None:
    peer = in_state(State.ESTABLISHED)
    peer.send(ACK, 1, 1, window=0)
    assert peer.write(b"stuck") == []
    times, now = [], 0.0
    for _ in range(14):
        (gap, probe), *_rest = peer.wait_timed(((peer.deadline_ns or 0) - peer.now_ns) / MS)
        assert shape([probe]) == ["ACK 0:0 ack 1"]
        now += gap
        times.append(gap)
        peer.send(ACK, 1, 1, window=0)
    assert times[:4] == [210, 420, 840, 1680]
    assert times[-1] == 120_000
    assert shape(peer.send(ACK, 1, 1, window=1000)) == ["PSH ACK 1:6 ack 1"]


def test_a_closed_window_is_no_excuse_for_the_user_s_limit() -> None:
    """Linux 6.18 gives up 200 ms and the limit later, though its probes are answered."""
    peer = Peer(replace(PLAIN, user_timeout_ns=5 * SECOND)).connect()
    peer.send(ACK, 1, 1, window=0)
    begun = peer.now_ns
    peer.write(b"stuck")
    first = (peer.deadline_ns or 0) - begun
    while peer.state is State.ESTABLISHED:
        peer.now_ns = peer.deadline_ns or 0
        if peer.poll():
            peer.send(ACK, 1, 1, window=0)
    assert peer.c.error == "ETIMEDOUT"
    assert peer.now_ns - begun == first + 5 * SECOND


def test_a_window_taken_back_is_no_reason_to_give_up_while_the_peer_lives() -> None:
    peer = in_state(State.ESTABLISHED)
    peer.write(b"refused")
    for _ in range(40):
        peer.now_ns = peer.deadline_ns or 0
        peer.poll()
        peer.send(ACK, 2, 1, window=0)
    assert peer.now_ns > 2000 * SECOND
    assert peer.state is State.ESTABLISHED
    assert peer.send(ACK, 2, 8, window=1000) == []
    assert peer.c.board.in_flight == 0


def test_a_silent_peer_with_a_closed_window_is_given_up() -> None:
    peer = in_state(State.ESTABLISHED)
    peer.send(ACK, 1, 1, window=0)
    peer.write(b"stuck")
    peer.wait(3_000_000)
    assert (peer.state, peer.c.error) == (State.CLOSED, "ETIMEDOUT")


def test_a_small_window_is_used_when_the_persist_timer_fires() -> None:
    """Sender's silly window avoidance: wait for a worthwhile window, but not for ever."""
    peer = in_state(State.ESTABLISHED)
    peer.send(ACK, 1, 1, window=10)
    assert peer.write(bytes(100)) == []
    assert [len(s.payload) for s in peer.wait(211)] == [10]


class TestDelayedAck:
    """RFC 9293, section 3.8.6.3; Linux's 40 ms."""

    def interactive(self) -> Peer:
        """A connection that has talked: no longer in quick mode."""
        peer = in_state(State.ESTABLISHED)
        peer.send(ACK, 1, 1, b"ask")
        peer.write(b"answer")
        peer.send(ACK, 4, 7)
        return peer

    def test_a_new_connection_acknowledges_at_once(self) -> None:
        peer = in_state(State.ESTABLISHED)
        assert shape(peer.send(ACK, 1, 1, b"x")) == ["ACK 1:1 ack 2"]

    def test_one_small_segment_waits_40_ms(self) -> None:
        peer = self.interactive()
        assert peer.send(ACK, 4, 7, b"x") == []
        assert [(ms, shape([s])) for ms, s in peer.wait_timed(100)] == [(40.0, ["ACK 7:7 ack 5"])]

    def test_a_second_full_segment_is_acknowledged_at_once(self) -> None:
        peer = self.interactive()
        assert peer.send(ACK, 4, 7, bytes(1460)) == []
        assert shape(peer.send(ACK, 1464, 7, bytes(1460))) == ["ACK 7:7 ack 2924"]

    def test_data_takes_the_acknowledgement_along(self) -> None:
        peer = self.interactive()
        peer.send(ACK, 4, 7, b"x")
        assert shape(peer.write(b"y")) == ["PSH ACK 7:8 ack 5"]
        assert peer.wait(100) == []

    def test_fin_is_acknowledged_at_once(self) -> None:
        peer = self.interactive()
        assert shape(peer.send(FIN | ACK, 4, 7)) == ["ACK 7:7 ack 5"]

    def test_data_out_of_order_is_answered_at_once(self) -> None:
        peer = self.interactive()
        assert shape(peer.send(ACK, 100, 7, b"x")) == ["ACK 7:7 ack 4"]
        assert shape(peer.send(ACK, 4, 7, bytes(96))) == ["ACK 7:7 ack 101"]

    def test_quick_ack_never_waits(self) -> None:
        peer = Peer(replace(PLAIN, quick_ack=True)).connect()
        peer.send(ACK, 1, 1, b"ask")
        peer.write(b"answer")
        assert shape(peer.send(ACK, 4, 7, b"x")) == ["ACK 7:7 ack 5"]


def test_cork_holds_a_small_segment_for_200_ms() -> None:
    peer = Peer(replace(PLAIN, cork=True)).connect()
    assert [len(s.payload) for s in peer.write(bytes(2000))] == [1460]
    assert [(ms, len(s.payload)) for ms, s in peer.wait_timed(205)] == [(200.0, 540)]


def test_idle_connections_need_no_timer() -> None:
    assert in_state(State.ESTABLISHED).deadline_ns is None
    assert in_state(State.CLOSE_WAIT).deadline_ns is None


@pytest.mark.parametrize("times", [3, 8])
def test_an_orphan_gives_up_sooner(times: int) -> None:
    peer = Peer(TcpConfig(timestamps=False, orphan_retries=times)).connect()
    peer.close()
    sent = peer.wait(10_000_000)
    assert peer.state is State.CLOSED
    assert len(sent) == times


def test_a_year_of_keepalive_is_one_exchange_every_two_hours() -> None:
    from firstbyte.protocols.tcp.connection import Connection

    config = TcpConfig(keepalive=True)
    a, b = Connection(1, 2, 0, config), Connection(2, 1, 0, TcpConfig())
    a.connect(0)
    b.listen(0)
    now, polls = 0, 0
    year_ns = 365 * 24 * 3600 * SECOND
    while now < year_ns:
        deadline = None
        for end, other in ((a, b), (b, a), (a, b)):
            polled = end.poll(now)
            for segment in polled.segments:
                other.segment(segment, now)
            deadline = polled.deadline_ns if end is a else deadline
        assert deadline is not None
        now, polls = deadline, polls + 1
    assert a.state is b.state is State.ESTABLISHED
    handshake, probes = 2, 365 * 12 - 1
    assert b.counters.segments_in == handshake + probes
    assert polls <= 2 * 365 * 12
