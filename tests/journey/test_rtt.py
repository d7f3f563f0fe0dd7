from firstbyte.events import Event, Source, http, tcp
from firstbyte.journey.hop_view import in_order
from firstbyte.journey.rtt import Rtt, end_to_end_rtt, path_rtt
from testbed.events import Story


def wire(story: Story, flags: str, source: Source = "capture") -> None:
    direction = "sent" if flags == "SYN" else "received"
    story.emit(
        tcp.Segment(flags, 0), direction=direction, connection=story.connection, source=source
    )


def carrier(story: Story) -> tuple[Event, ...]:
    return in_order(e for e in story.events if e.connection is not None)


def connecting(source: Source = "capture", *, syns: int = 1) -> Story:
    story = Story()
    story.connection = story.start_connect()
    for _ in range(syns):
        wire(story, "SYN", source)
        story.pause(25)
    wire(story, "SYN ACK", source)
    return story.connects(took_ms=5, rtt_ms=27)


def test_the_wire_comes_first() -> None:
    assert path_rtt(carrier(connecting())) == Rtt(25_000, "capture")
    assert path_rtt(carrier(connecting("simulated"))) == Rtt(25_000, "simulated")


def test_a_repeated_syn_tells_nothing() -> None:
    assert path_rtt(carrier(connecting(syns=2))) == Rtt(27_000, "tcp_info")


def test_inferred_segments_tell_nothing() -> None:
    assert path_rtt(carrier(connecting("inferred"))) == Rtt(27_000, "tcp_info")


def test_the_kernels_minimum_comes_second() -> None:
    story = Story().connect(took_ms=30).info("end", min_rtt_us=28_000, rtt_us=45_000)
    assert path_rtt(carrier(story)) == Rtt(28_000, "tcp_info")


def test_the_time_of_connect_comes_third() -> None:
    story = Story().connect(took_ms=30)
    events = [e for e in carrier(story) if not isinstance(e.what, tcp.InfoSampled)]
    assert path_rtt(tuple(events)) == Rtt(30_000, "connect_time")


def test_quic_has_its_own() -> None:
    story = Story().connect_quic(took_ms=40)
    assert path_rtt(carrier(story)) == Rtt(40_000, "quic")
    events = [e for e in carrier(story) if e.type != "quic.rtt"]
    assert path_rtt(tuple(events)) == Rtt(40_000, "quic_handshake")


def test_without_any_evidence_it_is_not_known() -> None:
    assert path_rtt(()) is None
    story = Story()
    story.connection = story.start_connect()
    assert path_rtt(carrier(story)) is None


def test_through_a_tunnel_the_server_hello_tells() -> None:
    story = Story().connect(took_ms=2)
    story.on(http.ProxyConnect("http://proxy.test:3128", "site.test:443"), "sent")
    story.pause(150)
    story.on(http.ProxyConnected(200), "received")
    story.handshake(took_ms=80)
    assert end_to_end_rtt(carrier(story)) == Rtt(80_000, "tls_handshake")
    path = path_rtt(carrier(story))
    assert path is not None
    assert path.us < 3_000


def test_a_tunnel_without_tls_tells_nothing_of_the_far_end() -> None:
    story = Story().connect(took_ms=2)
    story.on(http.ProxyConnected(200), "received")
    assert end_to_end_rtt(carrier(story)) is None
