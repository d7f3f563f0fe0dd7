"""RFC 6298's arithmetic, with Linux's floor."""

import pytest

from firstbyte.protocols.tcp.rto import RttEstimator, give_up_after_ns

MS = 1_000_000
SECOND = 1000 * MS


def estimator(min_ms: int = 200) -> RttEstimator:
    return RttEstimator(SECOND, min_ms * MS, 120 * SECOND)


def test_before_any_measurement_it_is_one_second() -> None:
    assert estimator().rto_ns == SECOND


def test_the_first_measurement() -> None:
    rtt = estimator()
    rtt.sample(100 * MS)
    assert (rtt.srtt_ns, rtt.rttvar_ns) == (100 * MS, 50 * MS)
    assert rtt.rto_ns == 300 * MS


def test_later_measurements_smooth() -> None:
    rtt = estimator()
    rtt.sample(100 * MS)
    rtt.sample(180 * MS)
    assert rtt.rttvar_ns == 50 * MS + (80 - 50) * MS // 4
    assert rtt.srtt_ns == 110 * MS
    assert rtt.rto_ns == 110 * MS + 4 * rtt.rttvar_ns
    assert rtt.min_rtt_ns == 100 * MS


def test_the_floor_is_on_the_variation() -> None:
    rtt = estimator()
    for _ in range(100):
        rtt.sample(100 * MS)
    assert rtt.rto_ns == 300 * MS


def test_back_off_doubles_up_to_the_limit_and_ends_with_a_measurement() -> None:
    rtt = estimator()
    rtt.sample(100 * MS)
    seen = []
    for _ in range(10):
        rtt.back_off()
        seen.append(rtt.rto_ns // MS)
    assert seen == [600, 1200, 2400, 4800, 9600, 19_200, 38_400, 76_800, 120_000, 120_000]
    rtt.sample(100 * MS)
    assert rtt.backoff == 0
    assert rtt.rto_ns < SECOND


def test_fall_back_after_a_handshake_without_measurement() -> None:
    rtt = estimator()
    rtt.back_off()
    rtt.fall_back(3 * SECOND)
    assert (rtt.rto_ns, rtt.backoff) == (3 * SECOND, 0)


@pytest.mark.parametrize(("retries", "seconds"), [(15, 924.6), (8, 102.2), (3, 3.0), (0, 0.2)])
def test_linux_reads_retries_as_time(retries: int, seconds: float) -> None:
    assert give_up_after_ns(retries, 200 * MS, 120 * SECOND) == int(seconds * SECOND)
