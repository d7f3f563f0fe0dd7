import pytest

from firstbyte.events import http, tcp
from testbed.events import Story
from testbed.ledgers import spent


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
