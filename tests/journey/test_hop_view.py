from firstbyte.events import Direction, Event, dns, quic, tcp
from firstbyte.journey.hop_view import in_order, resolver_connections, split_hops
from testbed.events import Story, healthy


def test_events_are_sorted_and_those_of_one_instant_keep_their_order() -> None:
    events = healthy().events
    ordered = in_order(reversed(events))
    assert [e.at_ns for e in ordered] == sorted(e.at_ns for e in events)
    assert in_order(events) == tuple(events)


def test_the_winner_is_who_carried_the_request() -> None:
    story = Story().lookup().connect()
    loser = story.start_connect("192.0.2.9")
    story.emit(tcp.Connected(2, "192.0.2.200", 50_002), connection=loser)
    [view] = split_hops(in_order(story.exchange().events))
    assert view.winner == "tcp1"


def test_without_a_request_it_is_who_came_furthest() -> None:
    story = Story().lookup().connect().handshake_fails("tls.dropped")
    story.start_connect("192.0.2.9")
    [view] = split_hops(in_order(story.events))
    assert view.winner == "tcp1"


def test_who_was_given_up_does_not_win() -> None:
    story = Story().lookup().connect()
    story.emit(quic.ConnectionStarted(1, "192.0.2.1", 443, "1"), connection="quic1")
    story.emit(tcp.ConnectCancelled(1), connection="tcp1")
    story.emit(quic.HandshakeCompleted("192.0.2.200", 1, "1", False, False), connection="quic1")
    [view] = split_hops(in_order(story.events))
    assert view.winner == "quic1"


def test_what_happens_after_a_hop_belongs_to_its_connection_not_to_its_time() -> None:
    story = healthy()
    [view] = split_hops(in_order(story.pause(500).closed().events))
    assert view.end_us < story.now_us
    assert view.carrier[-1].type == "tcp.closed"


def test_connections_that_carried_questions_are_the_resolvers() -> None:
    story = Story()
    story.emit(dns.LookupStarted("site.test", ("A",)))
    what = dns.Question(1, "site.test", "A", "https://dns.test/dns-query", "doh", 1, 40)
    story.emit(what, direction="sent", connection="tcp7")
    assert resolver_connections(tuple(story.events)) == {"tcp7"}


def test_a_trace_that_never_became_a_hop() -> None:
    story = Story("nonsense://")
    story.events = story.events[:1]
    [view] = split_hops(in_order(story.fails("url.unsupported_scheme", "url").events))
    assert view.winner is None
    assert view.failed is not None
    assert not view.finished


def test_events_of_one_instant_are_ordered_by_cause() -> None:
    def segment(direction: Direction, flags: str, length: int = 0) -> Event:
        body = tcp.Segment(flags=flags, length=length)
        return Event(at_ns=5, source="simulated", what=body, direction=direction)

    hello = segment("sent", "PSH ACK", 300)
    connected = Event(at_ns=5, source="simulated", what=tcp.Connected(1, "10.0.0.1", 4000))
    ack, syn_ack = segment("sent", "ACK"), segment("received", "SYN ACK")
    assert in_order([connected, hello, ack, syn_ack]) == (syn_ack, ack, connected, hello)
