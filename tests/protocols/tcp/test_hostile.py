"""A peer that sends anything at any time: nothing breaks, and the numbers stay in order."""

from contextlib import suppress
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from firstbyte.protocols.socket_error import SocketError
from firstbyte.protocols.tcp.config import MS, TcpConfig
from firstbyte.protocols.tcp.connection import Connection
from firstbyte.protocols.tcp.options import NO_OPTIONS, TcpOptions
from firstbyte.protocols.tcp.segment import Segment
from firstbyte.protocols.tcp.sequence import MASK
from firstbyte.protocols.tcp.states import State
from testbed.tcp_peer import in_state

NEAR = st.integers(-3000, 70_000) | st.integers(0, MASK)
OPTIONS = st.just(NO_OPTIONS) | st.builds(
    TcpOptions,
    mss=st.none() | st.integers(0, 65_535),
    window_scale=st.none() | st.integers(0, 255),
    sack_permitted=st.booleans(),
    sack_blocks=st.lists(st.tuples(NEAR, NEAR), max_size=4).map(tuple),
    timestamp=st.none() | st.tuples(st.integers(0, MASK), st.integers(0, MASK)),
)
SEGMENT = st.tuples(
    st.just("segment"),
    st.integers(0, 511) | st.sampled_from([2, 16, 17, 18, 24]),
    NEAR,
    NEAR,
    st.integers(0, 65_535),
    st.binary(max_size=50) | st.integers(1000, 3000).map(bytes),
    OPTIONS,
)
CALLS = st.tuples(
    st.sampled_from(["write", "read", "shutdown", "close", "abort", "wait", "icmp", "mtu"]),
    st.integers(0, 5000),
)
CONFIGS = st.builds(
    TcpConfig,
    timestamps=st.booleans(),
    sack=st.booleans(),
    keepalive=st.booleans(),
    cork=st.booleans(),
    receive_buffer_bytes=st.sampled_from([100, 64_240]),
    user_timeout_ns=st.none() | st.just(10**9),
)


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(list(State)), CONFIGS, st.lists(SEGMENT | CALLS, max_size=25))
def test_anything_may_come(state: State, config: TcpConfig, actions: list) -> None:
    peer = in_state(state, config)
    c, now = peer.c, peer.now_ns
    for action in actions:
        before = (c.sender.una, c.sender.nxt, c.receiver.nxt, c.receiver.edge)
        known = c.peer_options is not None
        now = apply(c, action, now)
        polled = c.poll(now)
        check(c, before, known)
        assert polled.deadline_ns is None or polled.deadline_ns > now
        for segment in polled.segments:
            assert segment.options.sack_blocks == () or c.sack_ok
    while (deadline := c.poll(now).deadline_ns) is not None and now < 10**17:
        now = deadline


def apply(c: Connection, action: tuple, now: int) -> int:
    kind, *rest = action
    if kind == "segment":
        flags, seq, ack, window, payload, options = rest
        seq, ack = (c.receiver.nxt + seq) & MASK, (c.sender.una + ack) & MASK
        c.segment(Segment(80, 1000, seq, ack, flags, window, payload, options), now)
        return now
    number = rest[0]
    if kind == "wait":
        return now + number * number * MS
    with suppress(SocketError):
        _call(c, kind, number, now)
    return now


def _call(c: Connection, kind: str, number: int, now: int) -> None:
    if kind == "write":
        c.write(bytes(number))
    elif kind == "read":
        c.read(number)
    elif kind == "icmp":
        c.unreachable("EHOSTUNREACH", now)
    elif kind == "mtu":
        c.path_mss(number)
    else:
        getattr(c, kind)(now)


def check(c: Connection, before: tuple[int, int, int, int], known: bool) -> None:
    sender, receiver, board = c.sender, c.receiver, c.board
    assert before[0] <= sender.una <= sender.nxt
    assert before[1] <= sender.nxt <= sender.end + 1
    if known:
        assert before[2] <= receiver.nxt <= receiver.edge
        assert before[3] <= receiver.edge, "the window never shrinks"
    records = list(board.records)
    assert board.sacked == sum(r.sacked for r in records)
    assert board.lost == sum(r.lost for r in records)
    assert board.resent == sum(r.resent for r in records)
    assert not any(r.sacked and (r.lost or r.resent) for r in records)
    for one, other in pairwise(records):
        assert one.end == other.start
    if records and c.state is not State.CLOSED:
        assert (records[0].start, records[-1].end) == (sender.una, sender.nxt)
    assert c.recovery.congestion.cwnd >= 0
    assert len(receiver.buffer) <= max(receiver.limit, 65_535 + 1)
    assert c.info().state == c.state.value
