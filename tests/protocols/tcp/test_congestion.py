"""CUBIC and NewReno by their formulas."""

import pytest

from firstbyte.errors import UsageError
from firstbyte.protocols.tcp.congestion import Cubic, NewReno, make_congestion

MS = 1_000_000
SECOND = 1000 * MS


@pytest.mark.parametrize("name", ["cubic", "newreno"])
def test_slow_start_adds_what_arrived(name: str) -> None:
    control = make_congestion(name, 10)
    for _ in range(10):
        control.on_ack(1, 0, 20 * MS)
    assert control.cwnd == 20


def test_unknown_names_are_refused_with_those_known() -> None:
    with pytest.raises(UsageError) as caught:
        make_congestion("vegas", 10)
    assert "cubic" in caught.value.hint


def test_newreno_adds_one_a_round_trip_and_halves() -> None:
    control = NewReno(10)
    control.ssthresh = 10
    for _ in range(10 + 11 + 12):
        control.on_ack(1, 0, 0)
    assert control.cwnd == 13
    control.on_loss(0)
    assert control.ssthresh == 6
    control.on_timeout(0)
    assert (control.ssthresh, control.cwnd) == (6, 1)


def test_the_threshold_is_at_least_two() -> None:
    for control in (NewReno(1), Cubic(1)):
        assert control.reduced() == 2


def test_slow_start_stops_at_the_threshold() -> None:
    control = NewReno(10)
    control.ssthresh = 12
    control.on_ack(8, 0, 0)
    assert control.cwnd == 12


def test_cubic_multiplies_by_0_7() -> None:
    control = Cubic(100)
    control.on_loss(0)
    assert control.ssthresh == 70


def run(control: Cubic, seconds: float, rtt_ns: int, start_ns: int = 0) -> None:
    """Acknowledge every segment of every window, one round trip after another."""
    now = start_ns
    while now < start_ns + seconds * SECOND:
        for _ in range(control.cwnd):
            control.on_ack(1, now, rtt_ns)
        now += rtt_ns


def test_cubic_is_back_at_the_old_window_after_k_seconds() -> None:
    """K = cbrt(W_max × 0.3 / 0.4): 1,000 segments take 9.1 s at any round-trip time."""
    control = Cubic(1000)
    control.on_loss(0)
    control.cwnd = control.ssthresh
    k = (300 / 0.4) ** (1 / 3)
    run(control, k - 0.2, 200 * MS)
    assert 990 <= control.cwnd <= 1001
    run(control, 5, 200 * MS, int((k - 0.2) * SECOND))
    assert control.cwnd > 1020


def test_cubic_is_never_slower_than_reno() -> None:
    """RFC 9438, section 4.3: at short round trips the line is above the cubic."""
    control = Cubic(20)
    control.on_loss(0)
    control.cwnd = control.ssthresh
    run(control, 1, 10 * MS)
    expected = 14 + 100 * 3 * 0.3 / 1.7
    assert control.cwnd >= expected * 0.8


def test_fast_convergence_gives_way() -> None:
    control = Cubic(100)
    control.on_loss(0)
    control.cwnd = 70
    control.on_loss(0)
    assert control._last_max == pytest.approx(70 * 0.85)


def test_growth_is_at_most_half_a_window_a_round_trip() -> None:
    control = Cubic(10)
    control.on_loss(0)
    control.cwnd = control.ssthresh
    control.on_ack(1, 0, 0)
    before = control.cwnd
    for _ in range(before):
        control.on_ack(1, 100 * SECOND, 0)
    assert control.cwnd <= before * 1.7


def test_idleness_halves_for_each_rto_but_not_below_the_start() -> None:
    control = Cubic(10)
    control.cwnd = 100
    control.on_idle(1)
    assert (control.cwnd, control.ssthresh) == (50, 0x7FFFFFFF)
    control.ssthresh = 20
    control.on_idle(50)
    assert (control.cwnd, control.ssthresh) == (10, 37)
