import pytest

from firstbyte.events import dns, tcp, trace
from firstbyte.journey.builder import build_journey
from firstbyte.journey.model import Hop, Journey, Phase, WindowScale
from testbed.events import RETRY_FLIGHTS, STARTED_AT, Story, healthy


def phase(hop: Hop, name: str) -> Phase:
    found = getattr(hop.phases, name)
    assert found is not None, name
    return found  # type: ignore[no-any-return]


def test_the_phases_of_a_healthy_request() -> None:
    [hop] = healthy().journey().hops
    rows = [
        (name, phase(hop, name).start_ms, phase(hop, name).duration_ms, phase(hop, name).why)
        for name in ("dns", "tcp", "tls", "send", "wait", "receive")
    ]
    assert rows == [
        ("dns", 0.1, 20.05, "cold: 3 questions"),
        ("tcp", 20.15, 30.0, "SYN → SYN-ACK, mss 1448 sack ts wscale 7/7"),
        ("tls", 50.15, 31.0, "TLS 1.3 X25519MLKEM768, h2"),
        ("send", 81.15, 0.1, "GET, 120 bytes"),
        ("wait", 81.25, 80.0, "server thinking"),
        ("receive", 161.25, 1.0, "5000 bytes gzip, 5000 decoded"),
    ]
    assert hop.phases.quic is None
    assert (hop.first_byte_ms, hop.last_byte_ms) == (161.25, 162.25)
    assert (hop.remote_ip, hop.remote_port, hop.local_port) == ("192.0.2.1", 443, 50_000)
    assert (hop.status, hop.http_version, hop.method) == (200, "2", "GET")


def test_the_details_of_a_healthy_request() -> None:
    [hop] = healthy().journey().hops
    assert hop.dns is not None
    assert [q.type for q in hop.dns.questions] == ["A", "AAAA", "HTTPS"]
    assert hop.dns.questions[0].duration_ms == 20
    assert hop.dns.addresses == ("192.0.2.1",)
    assert hop.tcp is not None
    assert (hop.tcp.rtt_ms, hop.tcp.rtt_source, hop.tcp.closed) == (30, "tcp_info", "fin by client")
    assert [a.outcome for a in hop.tcp.attempts] == ["connected"]
    assert hop.tcp.options is not None
    assert hop.tcp.options.window_scale == WindowScale(7, 7)
    assert hop.tls is not None
    assert [m.from_ for m in hop.tls.messages] == ["client", *["server"] * 5, "client"]
    assert hop.tls.verify is not None
    assert hop.tls.verify.ok
    assert hop.http is not None
    assert (hop.http.body_bytes, hop.http.encoding) == (5000, "gzip")


def test_the_order_of_the_events_does_not_matter() -> None:
    story = Story().lookup().connect().exchange()
    expected = story.journey()
    # Only neighbours of one instant keep their order; all else is sorted.
    tap_first = sorted(story.events, key=lambda event: (event.layer != "tcp", event.at_ns))
    again = build_journey(tap_first, url=story.url, started_at=STARTED_AT, network="kernel")
    assert again.hops == expected.hops
    assert again.ledger == expected.ledger


def test_segments_are_inferred_only_where_none_was_seen() -> None:
    inferred = [e for e in healthy().journey().events if e.source == "inferred"]
    flags = [e.what.flags for e in inferred if isinstance(e.what, tcp.Segment)]
    assert flags == ["SYN", "SYN ACK", "ACK", "FIN ACK"]
    story = Story().lookup()
    story.emit(tcp.Segment("SYN", 0), direction="sent", connection="tcp1", source="capture")
    journey = story.connect().exchange().closed().journey()
    assert [e for e in journey.events if e.source == "inferred"] == []


def test_a_journey_built_of_a_journeys_events_is_the_same() -> None:
    journey = healthy().journey()
    again = build_journey(journey.events, url=journey.url, started_at=STARTED_AT, network="kernel")
    assert again == journey
    assert Journey.from_json(journey.to_json()) == journey


def test_a_refused_connection_is_drawn_as_syn_and_rst() -> None:
    journey = Story().lookup().connect_fails().fails("tcp.refused", "tcp").journey()
    flags = [e.what.flags for e in journey.events if isinstance(e.what, tcp.Segment)]
    assert flags == ["SYN", "RST ACK"]
    [hop] = journey.hops
    assert phase(hop, "tcp").why == "refused"
    assert hop.tcp is not None
    assert hop.tcp.attempts[0].errno == "ECONNREFUSED"
    assert hop.remote_ip == "192.0.2.1"
    assert journey.outcome.exit_code == 7


def test_captured_segments_give_rtt_and_options() -> None:
    story = Story().lookup()
    story.connection = story.start_connect()
    ours = tcp.SegmentOptions(mss=1460, window_scale=7, sack_permitted=True, timestamp=(1, 0))
    theirs = tcp.SegmentOptions(mss=1400, window_scale=9, sack_permitted=True)
    story.emit(
        tcp.Segment("SYN", 0, options=ours), direction="sent", connection="tcp1", source="capture"
    )
    story.pause(25)
    story.emit(
        tcp.Segment("SYN ACK", 0, options=theirs),
        direction="received",
        connection="tcp1",
        source="capture",
    )
    [hop] = story.connects(took_ms=3).exchange().journey().hops
    assert hop.tcp is not None
    assert (hop.tcp.rtt_ms, hop.tcp.rtt_source) == (25, "capture")
    assert phase(hop, "tcp").why == "SYN → SYN-ACK, mss 1400 sack wscale 7/9"


def test_an_address_that_failed_before_the_winner() -> None:
    story = Story().lookup("2001:db8::1", "192.0.2.1")
    story.connect_fails("tcp.no_route", address="2001:db8::1", took_ms=1, errno="ENETUNREACH")
    [hop] = story.connect("192.0.2.1").exchange().journey().hops
    assert phase(hop, "tcp").why.startswith("2 attempts, IPv6 no route, SYN → SYN-ACK")
    assert phase(hop, "tcp").duration_ms == 31
    assert hop.remote_ip == "192.0.2.1"


def test_the_winner_of_a_race_is_timed_and_the_loser_an_attempt() -> None:
    story = Story().lookup("2001:db8::1", "192.0.2.1")
    loser = story.start_connect("2001:db8::1")
    story.pause(250).connect("192.0.2.1")
    story.emit(tcp.ConnectCancelled(1), connection=loser)
    [hop] = story.handshake().exchange().journey().hops
    assert hop.tcp is not None
    assert [(a.address, a.outcome) for a in hop.tcp.attempts] == [
        ("2001:db8::1", "cancelled"),
        ("192.0.2.1", "connected"),
    ]
    assert phase(hop, "tcp").why.startswith("2 attempts, IPv6 given up")


def test_http_3_that_wins_over_tcp() -> None:
    story = Story().lookup()
    loser = story.start_connect()
    story.connect_quic()
    story.emit(tcp.ConnectCancelled(1), connection=loser)
    [hop] = story.exchange(version="3").journey().hops
    assert hop.phases.tcp is None
    assert hop.phases.tls is None
    assert phase(hop, "quic").why == "QUIC v1 + TLS 1.3 X25519, h3"
    assert hop.tcp is not None
    assert [a.transport for a in hop.tcp.attempts] == ["tcp", "quic"]
    assert hop.tcp.rtt_ms is None
    assert hop.quic is not None
    assert len(hop.quic.attempts) == 1
    assert hop.tls is not None
    assert hop.tls.alpn == "h3"


def test_a_redirect_over_the_same_connection() -> None:
    story = Story().lookup().connect().handshake()
    story.exchange(status=302, headers=(("location", "/next?x=1"),), body_bytes=0)
    story.redirect("https://site.test/next", reused=True)
    journey = story.exchange().closed().journey()
    before, after = journey.hops
    assert before.redirect_url == "https://site.test/next?x=1"
    assert after.reused
    assert (after.phases.dns, after.phases.tcp, after.phases.tls) == (None, None, None)
    assert after.remote_ip == "192.0.2.1"
    assert after.tcp is not None
    assert (after.tcp.rtt_ms, after.tcp.attempts) == (30, ())
    assert after.tls is not None
    assert (after.tls.version, after.tls.messages) == ("TLSv1.3", ())
    assert journey.totals.first_byte_ms == after.first_byte_ms
    assert journey.totals.minimum_round_trips == 5


def test_the_resolvers_own_connection_is_no_attempt() -> None:
    story = Story()
    story.emit(dns.LookupStarted("site.test", ("A",)))
    story.emit(tcp.ConnectStarted(1, "192.0.2.53", 53), connection="tcp9")
    query = story.ask("A", transport="tcp")
    story.pause(5)
    story.emit(tcp.Connected(1, "192.0.2.200", 40_000), connection="tcp9")
    story.pause(5).answer(query, "A", ["192.0.2.1"])
    story.emit(dns.LookupFinished("site.test", ("192.0.2.1",)))
    [hop] = story.connect().exchange().journey().hops
    assert phase(hop, "dns").duration_ms == 10
    assert phase(hop, "dns").why == "cold: 1 question, over tcp"
    assert hop.tcp is not None
    assert [a.address for a in hop.tcp.attempts] == ["192.0.2.1"]


def test_the_hosts_file() -> None:
    [hop] = Story().hosts("127.0.0.1").connect().exchange().journey().hops
    assert phase(hop, "dns").why == "hosts file"
    assert hop.dns is not None
    assert (hop.dns.origin, hop.dns.addresses) == ("hosts file", ("127.0.0.1",))


def test_a_name_that_does_not_exist() -> None:
    journey = Story().lookup_fails("dns.nxdomain", rcode="NXDOMAIN").journey()
    [hop] = journey.hops
    assert phase(hop, "dns").why == "cold: 2 questions, nxdomain"
    assert (hop.tcp, hop.tls, hop.http) == (None, None, None)
    assert journey.outcome.error is not None
    assert (journey.outcome.error.id, journey.outcome.exit_code) == ("dns.nxdomain", 6)


def test_a_handshake_that_was_dropped() -> None:
    journey = Story().lookup().connect().handshake_fails("tls.dropped").journey()
    [hop] = journey.hops
    assert phase(hop, "tls").why == "tls.dropped"
    assert phase(hop, "tls").duration_ms == 30
    assert hop.tls is not None
    assert hop.tls.version is None
    assert journey.outcome.exit_code == 35


def test_a_response_that_was_cut() -> None:
    story = Story().lookup().connect().request().response()
    story.emit(tcp.BytesReceived(512), connection="tcp1")
    journey = story.pause(7).fails("http.short_body", "receive").journey()
    [hop] = journey.hops
    assert phase(hop, "receive").duration_ms == 7
    assert (hop.status, hop.last_byte_ms) == (200, None)
    assert journey.outcome.exit_code == 18
    assert journey.totals.last_byte_ms == journey.hops[0].phases.receive.start_ms + 7  # type: ignore[union-attr]


def test_hello_retry_costs_a_round_trip() -> None:
    story = Story().lookup().connect().handshake(flights=RETRY_FLIGHTS)
    [hop] = story.exchange().journey().hops
    assert phase(hop, "tls").round_trips == 2


def test_a_trace_that_stopped_in_the_middle() -> None:
    story = Story().lookup()
    story.start_connect()
    journey = story.pause(10).emit(trace.Decision("retry", "none", "stopped")).journey()
    assert journey.outcome.error is not None
    assert (journey.outcome.error.id, journey.outcome.exit_code) == ("trace.incomplete", 42)


@pytest.mark.parametrize("count", range(0, 40, 3))
def test_every_beginning_of_a_trace_gives_a_journey(count: int) -> None:
    story = healthy()
    story.events = story.events[:count]
    journey = story.journey()
    assert Journey.from_json(journey.to_json()) == journey


def test_no_events_at_all() -> None:
    journey = build_journey([], url="x", started_at=STARTED_AT, network="kernel")
    assert (journey.hops, journey.ledger, journey.totals.last_byte_ms) == ((), (), 0)
    assert not journey.outcome.ok


def test_a_resolvers_connection_that_failed_is_no_attempt_either() -> None:
    story = Story()
    story.emit(dns.LookupStarted("site.test", ("A",)))
    story.emit(tcp.ConnectStarted(1, "192.0.2.53", 853), connection="tcp9")
    story.pause(5)
    failed = tcp.ConnectFailed(1, "tcp.refused", "refused", "ECONNREFUSED")
    story.emit(failed, connection="tcp9")
    story.emit(dns.LookupFinished("site.test", (), error="dns.failed"))
    [hop] = story.fails("dns.failed", "dns").journey().hops
    assert hop.tcp is None
    assert hop.phases.tcp is None
    assert phase(hop, "dns").duration_ms == 5


def test_connecting_to_a_hinted_address_before_the_lookup_ends() -> None:
    story = Story()
    story.emit(dns.LookupStarted("site.test", ("A", "HTTPS")))
    query = story.ask("HTTPS")
    data = '1 . alpn="h2" ipv4hint="192.0.2.7,192.0.2.1"'
    record = dns.Record("site.test", 300, "HTTPS", data)
    story.pause(5).emit(dns.Answer(query, "NOERROR", ("qr",), "answer", (record,), 80))
    [hop] = story.connect().exchange().journey().hops
    assert hop.remote_ip == "192.0.2.1"


def test_a_kept_connection_that_was_dead() -> None:
    story = Story().lookup().connect().handshake()
    story.exchange(status=302, headers=(("location", "/next"),), body_bytes=0)
    story.redirect("https://site.test/next", reused=True).request().pause(1)
    story.emit(trace.Decision("retry", "a new connection", "the kept connection was closed"))
    story.connect().handshake().exchange()
    after = story.journey().hops[1]
    assert not after.reused
    assert phase(after, "tcp").duration_ms == 30
    assert after.tls is not None
    assert len(after.tls.messages) == 7


def test_tcp_info_of_each_hop_on_one_connection() -> None:
    story = Story().lookup().connect().handshake().request().response()
    story.info("first_byte", segs_in=1).body()
    story.redirect("https://site.test/next", reused=True).request().response()
    story.info("first_byte", segs_in=2).body().info("end", segs_in=3)
    infos = [hop.tcp.info for hop in story.journey().hops if hop.tcp is not None]
    assert [info["first_byte"].segs_in for info in infos] == [1, 2]
    assert [info["end"].segs_in for info in infos] == [3, 3]
