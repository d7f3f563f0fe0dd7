import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstbyte.events import Event, dns, http, quic, tcp
from firstbyte.journey.builder import build_journey
from firstbyte.journey.ledger import build_ledger
from firstbyte.journey.model import Interval, Journey, us
from testbed import arbitrary
from testbed.events import RETRY_FLIGHTS, STARTED_AT, Story, healthy


def spent(journey: Journey) -> dict[str, float]:
    """Milliseconds by cause."""
    sums: dict[str, int] = {}
    for interval in journey.ledger:
        sums[interval.cause] = sums.get(interval.cause, 0) + us(interval.duration_ms)
    return {cause: total / 1000 for cause, total in sums.items()}


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


def test_an_unanswered_question_is_waiting_and_its_repetition_a_round_trip() -> None:
    story = Story()
    story.emit(dns.LookupStarted("site.test", ("A",)))
    query = story.ask("A")
    story.pause(1000).emit(dns.TimedOut(query, 1.0))
    query = story.ask("A", attempt=2)
    story.pause(12).answer(query, "A", ["192.0.2.1"])
    story.emit(dns.LookupFinished("site.test", ("192.0.2.1",)))
    journey = story.connect().request().response().body().journey()
    assert spent(journey)["dns_wait"] == 1000
    assert spent(journey)["dns_round_trip"] == 12
    assert journey.hops[0].phases.dns is not None
    assert journey.hops[0].phases.dns.why == "cold: 2 questions, 1 not answered"


def test_sequential_questions_are_round_trips_of_their_own() -> None:
    story = Story()
    story.emit(dns.LookupStarted("site.test", ("A",)))
    for name in ("site.test", "alias.test"):
        query = story.ask("A", name=name)
        story.pause(10).answer(query, "A", ["192.0.2.1"], name=name)
    story.emit(dns.LookupFinished("site.test", ("192.0.2.1",)))
    journey = story.connect().exchange().journey()
    rows = [i for i in journey.ledger if i.cause == "dns_round_trip"]
    assert [(i.duration_ms, i.round_trips) for i in rows] == [(10, 1), (10, 1)]
    assert journey.totals.round_trips == 4
    assert journey.totals.minimum_round_trips == 3


def test_a_failing_address_is_waited_for() -> None:
    story = Story().lookup("2001:db8::1", "192.0.2.1")
    story.start_connect("2001:db8::1")
    story.pause(250)
    journey = story.connect("192.0.2.1").exchange().journey()
    assert spent(journey)["waiting_for_address"] == 250
    assert spent(journey)["tcp_handshake"] == 30


def test_a_lost_syn_that_was_captured() -> None:
    story = Story().lookup()
    story.connection = story.start_connect()
    for _ in range(2):
        story.emit(
            tcp.Segment("SYN", 0), direction="sent", connection="tcp1", source="capture"
        ).pause(1000)
    story.pause(-980)
    story.emit(tcp.Segment("SYN ACK", 0), direction="received", connection="tcp1", source="capture")
    journey = story.connects(took_ms=0, rtt_ms=20).exchange().journey()
    assert spent(journey)["tcp_retransmission_timeout"] == 1000
    assert spent(journey)["tcp_handshake"] == 20


def test_a_lost_syn_that_only_the_clock_tells() -> None:
    story = Story().lookup()
    story.connection = story.start_connect()
    journey = story.connects(took_ms=1020, rtt_ms=20).exchange().journey()
    assert spent(journey)["tcp_retransmission_timeout"] == 1000
    assert spent(journey)["tcp_handshake"] == 20


@pytest.mark.parametrize(
    ("cause", "expected"),
    [
        ("tcp.refused", "tcp_handshake"),
        ("tcp.no_route", "tcp_handshake"),
        ("tcp.timed_out", "tcp_retransmission_timeout"),
    ],
)
def test_a_connection_that_failed(cause: str, expected: str) -> None:
    journey = Story().lookup().connect_fails(cause, took_ms=70).fails(cause, "tcp").journey()
    assert spent(journey)[expected] == 70
    assert journey.totals.first_byte_ms is None


def test_hello_retry_and_tls_1_2_take_two_round_trips() -> None:
    for story in (
        Story().lookup().connect().handshake(flights=RETRY_FLIGHTS),
        Story().lookup().connect().handshake(version="TLSv1.2"),
    ):
        journey = story.exchange().journey()
        assert spent(journey)["tls_round_trip"] == 60
        assert journey.totals.round_trips == 5
    assert journey.totals.minimum_round_trips == 5


def test_quic_is_one_handshake() -> None:
    journey = Story().lookup().connect_quic().exchange(version="3").journey()
    assert spent(journey)["quic_handshake"] == 40
    assert spent(journey)["server_time"] == 40
    assert journey.totals.round_trips == 3


def test_http_3_that_fails_before_tcp_is_waiting_for_an_address() -> None:
    story = Story().lookup()
    story.connect_quic(took_ms=40)
    quic_events = [e for e in story.events if e.layer == "quic"]
    story.events = [e for e in story.events if e.connection is None] + quic_events[:1]
    journey = story.connect().handshake().exchange().journey()
    assert spent(journey)["waiting_for_address"] == 40
    assert journey.hops[0].phases.quic is None


def test_a_proxy_has_a_cause_of_its_own() -> None:
    story = Story().lookup(name="proxy.test").connect()
    story.on(http.ProxyConnect("http://proxy.test:3128", "site.test:443"), "sent")
    story.pause(45)
    story.on(http.ProxyConnected(200), "received")
    journey = story.handshake().exchange().journey()
    assert spent(journey)["proxy"] == 45
    assert journey.hops[0].proxy == "http://proxy.test:3128"
    assert journey.totals.round_trips == journey.totals.minimum_round_trips == 5


def test_without_any_rtt_the_wait_is_not_divided() -> None:
    story = Story("http://192.0.2.1/")
    story.connection = "tcp1"
    journey = story.exchange(wait_ms=80).journey()
    assert journey.totals.server_ms is None
    assert spent(journey)["unaccounted"] == 80


# --- content ---


def segment(story: Story, seq: int, *, again: bool = False, length: int = 1448) -> None:
    what = tcp.Segment("PSH ACK", length, seq=seq, retransmission=again)
    story.emit(what, direction="received", connection="tcp1", source="capture")


def test_bursts_one_rtt_apart_are_the_congestion_window() -> None:
    story = Story().lookup().connect(took_ms=40).request().response()
    for burst in range(3):
        for number in range(10 << burst):
            segment(story, burst * 100_000 + number * 1448)
        story.pause(40)
    story.pause(-40)
    journey = story.body(100_000, took_ms=0).journey()
    rows = [i for i in journey.ledger if i.cause == "transfer_congestion_window"]
    assert [(i.duration_ms, i.round_trips) for i in rows] == [(40, 1), (40, 1)]
    receive = journey.hops[0].phases.receive
    assert receive is not None
    assert receive.round_trips == 2
    assert journey.totals.round_trips == journey.totals.minimum_round_trips == 5


def test_a_repaired_burst_is_loss_and_a_long_silence_the_server() -> None:
    story = Story().lookup().connect(took_ms=40).request().response(wait_ms=40)
    segment(story, 1)
    segment(story, 4000)
    story.pause(300)
    segment(story, 1449, again=True)
    story.pause(500)
    segment(story, 6000)
    journey = story.body(8000, took_ms=0).journey()
    assert spent(journey)["transfer_loss"] == 300
    assert spent(journey)["server_time"] == 500


def test_a_full_receive_window_is_the_receivers() -> None:
    story = Story().lookup().connect(took_ms=40)
    ack = tcp.Segment("ACK", 0, window_bytes=14_480)
    story.emit(ack, direction="sent", connection="tcp1", source="capture")
    story.request().response()
    for burst in range(2):
        for number in range(10):
            segment(story, burst * 14_480 + number * 1448)
        story.pause(40)
    story.pause(-40)
    journey = story.body(28_960, took_ms=0).journey()
    assert spent(journey)["transfer_receiver"] == 40


def test_without_segments_slow_start_is_recognised_by_its_arithmetic() -> None:
    # 100 kB are 69 segments: 10, 20, 40: two more round trips than the first window.
    story = Story().lookup().connect(took_ms=40).request().response()
    journey = story.body(100_000, took_ms=85).journey()
    [row] = [i for i in journey.ledger if i.cause == "transfer_congestion_window"]
    assert (row.duration_ms, row.round_trips) == (85, 2)
    assert "not seen" in row.evidence


def test_without_segments_a_pause_is_the_servers() -> None:
    story = Story().lookup().connect(took_ms=10).request().response()
    journey = story.body(4_000, took_ms=900).journey()
    assert spent(journey)["server_time"] == 900 + 70


@given(st.integers(0, 10**7))
def test_content_never_takes_less_than_its_minimum(size: int) -> None:
    journey = Story().lookup().connect().exchange(body_bytes=size).journey()
    totals = journey.totals
    assert totals.round_trips is not None
    assert totals.minimum_round_trips is not None
    assert totals.round_trips >= totals.minimum_round_trips


def test_the_time_between_syn_ack_and_its_notice_is_the_clients() -> None:
    story = Story().lookup()
    story.connection = story.start_connect()
    story.emit(tcp.Segment("SYN", 0), direction="sent", connection="tcp1", source="capture")
    story.pause(20)
    answer = tcp.Segment("SYN ACK", 0)
    story.emit(answer, direction="received", connection="tcp1", source="capture").pause(7)
    journey = story.connects(took_ms=0, rtt_ms=20).exchange().journey()
    assert spent(journey)["tcp_handshake"] == 20
    assert any(i.cause == "client_compute" and i.duration_ms == 7 for i in journey.ledger)


def test_content_that_came_with_the_first_bytes() -> None:
    story = Story().lookup().connect(took_ms=40).request()
    story.pause(79.5)
    segment(story, 1)
    journey = story.response(wait_ms=0.5).body(1400, took_ms=0.2).journey()
    assert "had arrived" in journey.ledger[-1].evidence
    assert journey.hops[0].phases.receive is not None
    assert journey.hops[0].phases.receive.round_trips == 0


def test_a_flight_of_the_server_that_comes_in_two_windows() -> None:
    first_half = (("server_hello", 1210, False), ("encrypted_extensions", 36, True))
    flights = (
        ("sent", (("client_hello", 1500, False),)),
        ("received", first_half),
        ("received", (("certificate", 14_000, True), ("finished", 52, True))),
        ("sent", (("finished", 52, True),)),
    )
    story = Story().lookup().connect().handshake(flights=flights)
    journey = story.exchange().journey()
    assert spent(journey)["tls_round_trip"] == 60
    assert spent(journey)["tls_compute"] == 1


def test_computing_within_a_quic_handshake_is_the_clients() -> None:
    story = Story().lookup()
    story.connection = "quic1"
    story.on(quic.ConnectionStarted(1, story.address, 443, "1"), "sent")
    story.flights(RETRY_FLIGHTS[:1], took_ms=0).pause(40)
    story.flights(RETRY_FLIGHTS[3:4], took_ms=0).pause(3)
    story.on(quic.HandshakeCompleted("192.0.2.200", 50_001, "1", False, False), "received")
    journey = story.exchange(version="3").journey()
    assert spent(journey)["quic_handshake"] == 40
    assert spent(journey)["tls_compute"] == 3
