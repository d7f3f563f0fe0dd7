from firstbyte.events import quic
from testbed.events import RETRY_FLIGHTS, Story
from testbed.ledgers import spent


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
