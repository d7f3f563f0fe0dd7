from hypothesis import given
from hypothesis import strategies as st

from firstbyte.events import Event
from firstbyte.journey.builder import build_journey
from firstbyte.journey.ledger import build_ledger
from firstbyte.journey.model import Interval, Journey, us
from testbed import arbitrary
from testbed.events import STARTED_AT, Story, healthy
from testbed.ledgers import spent


def assert_partition(ledger: tuple[Interval, ...], last_byte_ms: float) -> None:
    reached = 0
    for interval in ledger:
        assert us(interval.start_ms) == reached
        assert us(interval.duration_ms) > 0
        reached += us(interval.duration_ms)
    assert reached == us(last_byte_ms)


@given(arbitrary.events() | arbitrary.mutilated())
def test_any_events_give_a_partition_and_never_an_exception(events: list[Event]) -> None:
    journey = build_journey(events, url="https://x/", started_at=STARTED_AT, network="kernel")
    assert_partition(journey.ledger, journey.totals.last_byte_ms)
    assert journey.ledger == build_ledger(journey.events)
    assert Journey.from_json(journey.to_json()) == journey


def test_a_healthy_trace_is_explained_to_the_last_microsecond() -> None:
    journey = healthy().journey()
    assert_partition(journey.ledger, journey.totals.last_byte_ms)
    assert spent(journey) == {
        "client_compute": 0.25,
        "dns_round_trip": 20.0,
        "tcp_handshake": 30.0,
        "tls_compute": 1.0,
        "tls_round_trip": 30.0,
        "request_round_trip": 30.0,
        "server_time": 50.0,
        "transfer_bandwidth": 1.0,
    }
    totals = journey.totals
    assert (totals.rtt_ms, totals.server_ms, totals.unaccounted_ms) == (30.0, 50.0, 0.0)
    assert (totals.round_trips, totals.minimum_round_trips) == (4, 4)


def test_without_any_rtt_the_wait_is_not_divided() -> None:
    story = Story("http://192.0.2.1/")
    story.connection = "tcp1"
    journey = story.exchange(wait_ms=80).journey()
    assert journey.totals.server_ms is None
    assert spent(journey)["unaccounted"] == 80


@given(st.integers(0, 10**7))
def test_content_never_takes_less_than_its_minimum(size: int) -> None:
    journey = Story().lookup().connect().exchange(body_bytes=size).journey()
    totals = journey.totals
    assert totals.round_trips is not None
    assert totals.minimum_round_trips is not None
    assert totals.round_trips >= totals.minimum_round_trips
