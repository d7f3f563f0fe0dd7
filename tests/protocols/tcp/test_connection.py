"""Two connections over every kind of link: what arrives is what was sent, once, in order."""

import random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from firstbyte.protocols.socket_error import SocketError
from firstbyte.protocols.tcp.config import TcpConfig
from firstbyte.protocols.tcp.connection import CONNECTED, ENDED, READABLE, WRITABLE
from firstbyte.protocols.tcp.segment import ACK, FIN, Segment
from firstbyte.protocols.tcp.states import State
from firstbyte.protocols.tcp.timers import NEVER
from testbed.tcp_pair import Pair
from testbed.tcp_peer import PLAIN, Peer, in_state, shape

CONFIGS = st.builds(
    TcpConfig,
    mss_bytes=st.sampled_from([536, 1460, 9000]),
    window_scaling=st.booleans(),
    sack=st.booleans(),
    timestamps=st.booleans(),
    send_buffer_bytes=st.sampled_from([2_000, 50_000, 4_000_000]),
    receive_buffer_bytes=st.sampled_from([1_000, 20_000, 64_240]),
    receive_buffer_max_bytes=st.sampled_from([1_000, 300_000]),
    congestion=st.sampled_from(["cubic", "newreno"]),
    nodelay=st.booleans(),
    quick_ack=st.booleans(),
    keepalive=st.booleans(),
)
FATES = st.lists(
    st.one_of(
        st.just([10.0]),
        st.just([10.0]),
        st.just([]),
        st.lists(st.floats(1, 400), min_size=1, max_size=3),
    ),
    max_size=120,
)
SIZES = st.integers(0, 120_000)
TEXT = random.Random(1).randbytes(120_000)


@settings(max_examples=150, deadline=None)
@given(
    st.tuples(SIZES, SIZES),
    FATES,
    st.tuples(CONFIGS, CONFIGS),
    st.frozensets(st.integers(1, 200), max_size=20),
)
def test_any_schedule_delivers_everything_once_and_in_order(sizes, fates, configs, corrupt) -> None:
    texts = TEXT[: sizes[0]], TEXT[120_000 - sizes[1] :]

    def fate(number: int, _segment: Segment) -> list[float]:
        return fates[number - 1] if number <= len(fates) else [10.0]

    pair = Pair(texts, fate, configs, corrupt).run()
    if pair.a.error is None and pair.b.error is None:
        assert pair.a.state is pair.b.state is State.CLOSED
        assert bytes(pair.got[0]) == texts[1]
        assert bytes(pair.got[1]) == texts[0]
    else:
        # One gave up after all its retries. The other may never learn of it: it waits for a SYN,
        # or for the FIN that its user, who only shut down, is still ready to read.
        assert {pair.a.state, pair.b.state} <= {State.CLOSED, State.LISTEN, State.FIN_WAIT_2}
        assert texts[1].startswith(bytes(pair.got[0]))
        assert texts[0].startswith(bytes(pair.got[1]))
    for end in pair.ends:
        assert end.timers.deadline == NEVER


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32), st.floats(0.01, 0.3), CONFIGS)
@example(1, 0.3, TcpConfig())
@example(1239, 0.125, TcpConfig(mss_bytes=9000, window_scaling=False))
def test_random_loss_in_a_long_transfer(seed: int, loss: float, config: TcpConfig) -> None:
    rng = random.Random(seed)
    text = TEXT * 3

    def fate(_number: int, _segment: Segment) -> list[float]:
        return [] if rng.random() < loss else [10 + rng.random() * 10]

    pair = Pair((text, b""), fate, (config, config)).run()
    assert text.startswith(bytes(pair.got[1]))
    if pair.a.error is None and pair.b.error is None:
        assert bytes(pair.got[1]) == text
        assert pair.a.state is pair.b.state is State.CLOSED
    assert pair.a.timers.deadline == pair.b.timers.deadline == NEVER


def test_a_dead_link_ends_both_with_a_clean_error() -> None:
    def fate(number: int, _segment: Segment) -> list[float]:
        return [10.0] if number < 20 else []

    pair = Pair((TEXT, TEXT), fate).run()
    assert pair.a.error == pair.b.error == "ETIMEDOUT"
    assert pair.a.state is pair.b.state is State.CLOSED


def test_the_exact_times_of_a_short_exchange() -> None:
    pair = Pair((b"request", b"")).run()
    assert [(ms, end, s.flag_names) for ms, end, s in pair.log] == [
        (0, 0, "SYN"),
        (10, 1, "SYN ACK"),
        (20, 0, "ACK"),
        (20, 0, "FIN PSH ACK"),
        (30, 1, "ACK"),
        (30, 1, "FIN ACK"),
        (40, 0, "ACK"),
    ]
    assert pair.now_ns == 60_040_000_000


def test_slow_start_doubles_each_round_trip() -> None:
    """10, 20, 40 segments (RFC 6928): 100 kB take four round trips after the handshake."""
    pair = Pair((bytes(100 * 1448), b"")).run()
    data = [ms for ms, end, s in pair.log if end == 0 and s.payload]
    assert [data.count(ms) for ms in sorted(set(data))] == [10, 20, 40, 30]
    assert sorted(set(data)) == [20, 40, 60, 80]


class TestNagleAgainstDelayedAck:
    """The stall of two small writes before a read: a round trip and the peer's 40 ms."""

    def second_write_leaves_after_ms(self, config: TcpConfig) -> float:
        pair = Pair((b"", b""), configs=(config, TcpConfig()))
        self.talk(pair)
        begun = pair.now_ns
        for small in (b"head", b"body"):
            pair.a.write(small)
            pair.poll_both()
        pair.run_for(1000)
        times = [ms for ms, end, s in pair.log if end == 0 and s.payload and ms >= begun / 1e6]
        assert len(times) == 2
        return times[1] - begun / 1e6

    def talk(self, pair: Pair) -> None:
        """Open, ask and answer once: both ends know that this is a conversation."""
        pair.idle = True
        pair.start()
        pair.run_for(100)
        pair.a.write(b"ask")
        pair.poll_both()
        pair.run_for(10)
        pair.b.write(b"answer")
        pair.poll_both()
        pair.run_for(1000)

    def test_it_costs_60_ms_at_a_round_trip_of_20(self) -> None:
        assert self.second_write_leaves_after_ms(TcpConfig()) == 60.0

    def test_nodelay_has_no_stall(self) -> None:
        assert self.second_write_leaves_after_ms(TcpConfig(nodelay=True)) == 0.0


def test_what_the_user_is_told() -> None:
    peer = Peer(replace(PLAIN, send_buffer_bytes=3000))
    peer.connect()
    assert peer.c.take_changed() == CONNECTED
    assert peer.c.take_changed() == 0
    assert peer.c.write(bytes(5000)) == 3000
    assert peer.c.writable_bytes == 0
    peer.poll()
    peer.send(ACK, 1, 2921)
    assert peer.c.take_changed() == WRITABLE
    peer.send(ACK, 1, 3001, b"data")
    assert peer.c.take_changed() == READABLE
    assert peer.c.readable_bytes == 4
    assert peer.c.read(2) + peer.c.read() == b"data"
    peer.send(FIN | ACK, 5, 3001)
    assert peer.c.take_changed() == READABLE
    peer.close()
    peer.send(ACK, 6, 3002)
    assert peer.c.take_changed() == ENDED


@pytest.mark.parametrize(
    ("state", "name"),
    [
        (State.CLOSED, "ENOTCONN"),
        (State.LISTEN, "ENOTCONN"),
        (State.FIN_WAIT_1, "EPIPE"),
        (State.LAST_ACK, "EPIPE"),
        (State.TIME_WAIT, "EPIPE"),
    ],
)
def test_writing_when_it_cannot_be(state: State, name: str) -> None:
    with pytest.raises(SocketError) as caught:
        in_state(state).c.write(b"x")
    assert caught.value.errno_name == name


def test_writing_before_the_answer_is_queued() -> None:
    peer = in_state(State.SYN_SENT)
    assert peer.c.write(b"early") == 5
    assert peer.poll() == []
    peer.send(18, 0, 1)
    assert peer.c.sender.nxt - peer.c.sender.iss == 6


def test_errors_are_raised_on_use() -> None:
    peer = in_state(State.ESTABLISHED)
    peer.send(4, 1)
    with pytest.raises(SocketError, match="ECONNRESET"):
        peer.c.write(b"x")
    assert peer.close() == []


def test_icmp_is_fatal_while_connecting_and_remembered_later() -> None:
    opening = in_state(State.SYN_SENT)
    opening.c.unreachable("EHOSTUNREACH", 0)
    assert (opening.state, opening.c.error) == (State.CLOSED, "EHOSTUNREACH")
    peer = in_state(State.ESTABLISHED)
    peer.write(b"x")
    peer.c.unreachable("EHOSTUNREACH", 0)
    assert peer.state is State.ESTABLISHED
    peer.wait(1_000_000)
    assert (peer.state, peer.c.error) == (State.CLOSED, "EHOSTUNREACH")


def test_a_smaller_path_cuts_what_is_in_flight_and_sends_it_again() -> None:
    peer = in_state(State.ESTABLISHED)
    assert [len(s.payload) for s in peer.write(bytes(2920))] == [1460, 1460]
    peer.c.path_mss(1000)
    again = peer.poll()
    assert [(s.seq, len(s.payload), s.retransmission) for s in again] == [
        (1, 1000, True),
        (1001, 460, True),
        (1461, 1000, True),
        (2461, 460, True),
    ]
    peer.send(ACK, 1, 2921)
    assert peer.c.board.in_flight == 0
    assert peer.c.board.lost == peer.c.board.resent == 0
    peer.c.path_mss(5000)
    assert peer.c.sender.mss == 1000


def test_options_change_while_open() -> None:
    peer = in_state(State.ESTABLISHED, replace(PLAIN, cork=True))
    assert peer.write(b"small") == []
    peer.c.configure(replace(PLAIN, nodelay=True), peer.now_ns)
    assert shape(peer.poll()) == ["PSH ACK 1:6 ack 1"]


def test_info_is_what_linux_would_tell() -> None:
    pair = Pair((bytes(50_000), b"")).run()
    info = pair.a.info()
    assert info.state == "CLOSED"
    assert info.rtt_us == info.min_rtt_us == 20_000
    assert info.snd_mss_bytes == 1448
    assert info.bytes_sent == 50_000
    assert info.total_retrans == 0
    assert pair.b.info().bytes_received == 50_000
    assert (info.snd_wscale, info.rcv_wscale) == (7, 7)
    assert info.timestamps
    assert info.sack
