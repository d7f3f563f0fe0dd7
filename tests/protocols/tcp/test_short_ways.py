"""Header prediction and bursts of full segments save work, and must change nothing else.

Each run is done again the long way, with both switched off, and compared segment by segment.
"""

from collections.abc import Callable
from random import Random
from typing import Any
from unittest.mock import patch

from hypothesis import example, given, settings
from hypothesis import strategies as st

from firstbyte.protocols.tcp import arrival, output
from firstbyte.protocols.tcp.config import TcpConfig
from firstbyte.protocols.tcp.segment import Segment
from firstbyte.protocols.tcp.states import State
from protocols.tcp.test_hostile import CALLS, CONFIGS, SEGMENT, apply
from testbed.tcp_pair import Pair
from testbed.tcp_peer import in_state

TEXT = Random(1).randbytes(100_000)
LINKS = st.tuples(
    st.integers(0, 2**32), st.sampled_from([0, 0.02, 0.1]), st.sampled_from([0, 0.5, 20])
)
ANSWERS = st.sampled_from([0, 20_000])
OPTIONS = st.builds(
    TcpConfig,
    timestamps=st.booleans(),
    sack=st.booleans(),
    nodelay=st.booleans(),
    window_scaling=st.booleans(),
    receive_buffer_bytes=st.sampled_from([5_000, 64_240]),
)


def the_long_way(run: Callable[..., Any], *args: Any) -> Any:
    with (
        patch.object(arrival, "_take_predicted", lambda *_: False),
        patch.object(output, "_send_full", lambda *_: 0),
    ):
        return run(*args)


def transfer(link: tuple[int, float, float], answer: int, config: TcpConfig) -> tuple[Any, ...]:
    seed, loss, spread_ms = link
    random = Random(seed)

    def fate(_number: int, _segment: Segment) -> list[float]:
        return [] if random.random() < loss else [10 + random.random() * spread_ms]

    pair = Pair((TEXT, TEXT[:answer]), fate, (config, config)).run(20_000)
    return pair.log, pair.got, pair.now_ns, pair.a.info(), pair.b.info()


@settings(max_examples=25, deadline=None)
@given(LINKS, ANSWERS, OPTIONS)
@example((1, 0, 0), 0, TcpConfig())
@example((1, 0.05, 0.5), 20_000, TcpConfig(sack=False, timestamps=False))
def test_transfers_are_the_same(
    link: tuple[int, float, float], answer: int, config: TcpConfig
) -> None:
    short = transfer(link, answer, config)
    assert short == the_long_way(transfer, link, answer, config)


def suffer(state: State, config: TcpConfig, actions: list) -> list:
    peer = in_state(state, config)
    c, now, seen = peer.c, peer.now_ns, []
    for action in actions:
        now = apply(c, action, now)
        polled = c.poll(now)
        seen.append((polled, c.state, c.changed, c.error, c.ts_recent, c.probes, c.info()))
        seen.append((c.sender.wl1, c.sender.window, c.receiver.sack_blocks(0), list(c.timers.at)))
    return seen


@settings(max_examples=80, deadline=None)
@given(
    st.sampled_from([State.ESTABLISHED, State.FIN_WAIT_1, State.CLOSE_WAIT]),
    CONFIGS,
    st.lists(SEGMENT | CALLS, max_size=25),
)
def test_strange_segments_are_taken_the_same(
    state: State, config: TcpConfig, actions: list
) -> None:
    assert suffer(state, config, actions) == the_long_way(suffer, state, config, actions)


def test_a_transfer_does_take_the_short_ways() -> None:
    with (
        patch.object(arrival, "_in_others", wraps=arrival._in_others) as long,
        patch.object(output, "_make_new", wraps=output._make_new) as single,
    ):
        pair = Pair((b"", b""))
        pair.idle = True
        pair.start()
        pair.run_for(100)
        pair.a.write(TEXT[:50_000])
        pair.poll_both()
        pair.run_for(1000)
    assert pair.b.read() == TEXT[:50_000]
    assert len(pair.log) > 50
    assert long.call_count < 5
    assert single.call_count < 5
