"""The ladder: who said what to whom, in order; what was inferred; what was folded."""

import pytest

from firstbyte.events import dns, http, link, quic, tcp, tls, trace
from firstbyte.events.dns import Record
from firstbyte.events.tcp import Segment, SegmentOptions
from firstbyte.rendering.ladder import full_ladder, ladder
from firstbyte.rendering.look import Look
from testbed.events import Story
from testbed.journeys import at, healthy

LOOK = Look(100)
TCP1 = {"connection": "tcp1"}


def lines_of(*events, draw=ladder) -> list[str]:
    return [line.plain.rstrip() for line in draw(healthy(events=events), LOOK)]


def text_of(*events, draw=ladder) -> str:
    return "\n".join(lines_of(*events, draw=draw))


def test_a_whole_trace_reads_from_question_to_fin() -> None:
    text = "\n".join(line.plain for line in ladder(healthy(), LOOK))
    order = [
        "A shop.example?",
        "◀─ A 203.0.113.7 · ttl 300",
        "SYN · 203.0.113.7:443 (inferred)",
        "SYN-ACK",
        "client_hello 1,627 B",
        "certificate 2,834 B · encrypted",
        "GET /basket HTTP/2 · 312 B",
        "200 OK",
        "… 30 reads, 43.8 kB",
        "FIN-ACK (inferred)",
    ]
    places = [text.index(words) for words in order]
    assert places == sorted(places)


def test_columns_are_headed_by_their_peers() -> None:
    head = lines_of(
        at(0, dns.Question(1, "a.example.", "A", "192.0.2.53:53", "udp", 1, 30), "sent"),
        at(1, tcp.ConnectStarted(1, "203.0.113.7", 443), **TCP1),
        at(1, Segment("SYN", 0), "sent", **TCP1),
    )[0]
    assert head.split() == [
        "ms",
        "client",
        "resolver",
        "192.0.2.53:53",
        "server",
        "203.0.113.7:443",
    ]


def test_long_names_of_peers_share_the_page() -> None:
    server, resolver = "2001:db8:1111:2222:3333:4444:5555:6666", "2001:db8:aaaa:bbbb:cccc:dddd::9"
    events = (
        at(0, dns.Question(1, "a.example.", "A", f"[{resolver}]:53", "udp", 1, 30), "sent"),
        at(1, tcp.ConnectStarted(1, server, 443), **TCP1),
        at(1, Segment("SYN", 0), "sent", **TCP1),
    )
    for width in (80, 100, 120):
        head = ladder(healthy(events=events), Look(width))[0].plain
        assert len(head.rstrip()) <= width
        assert "resolver [2001:db8:aaaa" in head
        assert "server [2001:db8:1111" in head


def test_without_questions_there_is_no_resolver() -> None:
    assert "resolver" not in text_of(at(0, Segment("SYN", 0), "sent", **TCP1))


def test_arrows_point_where_messages_go() -> None:
    sent = at(0, Segment("SYN", 0), "sent", source="capture", **TCP1)
    received = at(9, Segment("RST ACK", 0), "received", source="capture", **TCP1)
    _, first, *_, second, legend = lines_of(sent, received)
    assert first.endswith("─▶│")
    assert "│◀─ RST-ACK ─" in second
    assert "captured" in legend


def test_only_what_was_inferred_is_dashed_and_says_so() -> None:
    seen = text_of(at(0, Segment("SYN", 0), "sent", **TCP1))
    inferred = text_of(at(0, Segment("SYN", 0), "sent", source="inferred", **TCP1))
    assert "inferred" not in seen
    assert "╌" not in seen
    assert "╌ SYN (inferred) ╌" in inferred


def test_options_of_a_syn_are_named() -> None:
    options = SegmentOptions(mss=1460, window_scale=7, sack_permitted=True, timestamp=(1, 0))
    text = text_of(at(0, Segment("SYN", 0, options=options), "sent", **TCP1))
    assert "SYN mss 1460 sack ts wscale 7" in text


def captured_transfer(count: int):
    request = at(0, http.RequestStarted("1.1", "GET", "/", ()), "sent", **TCP1)
    data = [
        at(10 + n, Segment("ACK", 1448, seq=n * 1448, ack=1), "received", source="capture", **TCP1)
        for n in range(count)
    ]
    return [request, *data]


def test_a_long_transfer_is_one_line() -> None:
    text = text_of(*captured_transfer(42))
    assert "… 42 segments, 60.8 kB in 41.0 ms" in text
    assert text.count("\n") < 6


def test_the_full_ladder_shows_every_segment() -> None:
    text = text_of(*captured_transfer(42), draw=full_ladder)
    assert text.count("1,448 B seq") == 42


def test_a_retransmission_is_never_folded() -> None:
    lost = Segment("ACK", 1448, seq=0, ack=1, retransmission=True)
    events = [*captured_transfer(5), at(300, lost, "received", source="capture", **TCP1)]
    assert "retransmission" in text_of(*events)


def test_a_silence_is_shown_with_its_length() -> None:
    text = text_of(
        at(0, Segment("SYN", 0), "sent", **TCP1), at(80, Segment("SYN ACK", 0), "received", **TCP1)
    )
    assert "┊   80.0 ms" in text


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (at(0, dns.HostsHit("a.example", ("192.0.2.1",), "/etc/hosts")), "a.example is 192.0.2.1"),
        (at(0, dns.TimedOut(1, 5.0)), "no answer in 5 s"),
        (at(0, dns.QueryFailed(1, "connection refused")), "connection refused"),
        (at(0, dns.Fallback("tcp", "truncated")), "falls back (tcp): truncated"),
        (at(0, dns.Ignored("192.0.2.53:53", "wrong id", 12), "received"), "ignored 12 B"),
        (at(0, dns.Answer(1, "SERVFAIL", (), "error", (), 12), "received"), "SERVFAIL"),
        (at(0, dns.Answer(1, "NXDOMAIN", (), "nxdomain", (), 9), "received"), "NXDOMAIN"),
        (
            at(
                0,
                dns.Answer(
                    1, "NOERROR", (), "referral", (), 9, (Record("com.", 9, "NS", "a.gtld."),)
                ),
                "received",
            ),
            "referral to com.",
        ),
        (at(0, tcp.ConnectFailed(1, "tcp.refused", "refused", "ECONNREFUSED")), "ECONNREFUSED"),
        (at(0, tcp.ConnectCancelled(1)), "given up"),
        (at(0, tcp.TimerFired("rto", 2)), "retransmission timeout, 2 times"),
        (at(0, tcp.Closed("rst"), "received"), "RST"),
        (at(0, tcp.Closed("timeout")), "closed: timeout"),
        (at(0, tls.HandshakeFailed("tls.dropped", "the peer went away")), "the peer went away"),
        (at(0, http.Informational(103, ()), "received"), "103 Early Hints"),
        (at(0, http.Trailers((("a", "b"),)), "received"), "trailers · 1 field"),
        (at(0, http.StreamReset(8, "CANCEL"), "received"), "stream reset: CANCEL"),
        (at(0, http.ProxyConnect("p:3128", "a:443"), "sent"), "CONNECT a:443 (proxy p:3128)"),
        (at(0, http.ProxyConnected(407, "Denied"), "received"), "407 Denied from the proxy"),
        (at(0, quic.Packet("initial", 0, 1200, ("crypto", "padding")), "sent"), "initial 0 1,200"),
        (at(0, quic.ConnectionFailed("quic.timed_out", "silence")), "QUIC: silence"),
        (at(0, quic.ConnectionCancelled()), "QUIC: given up"),
        (at(0, tcp.Probed(6_000_000_000), "sent"), "silence for 6,000.0 ms: probing"),
        (at(0, quic.Closed(0x128, "no"), "received"), "CONNECTION_CLOSE 0x128 no"),
        (at(0, link.IcmpReceived("fragmentation needed", 3, 4, "r1", 1400)), "MTU 1400"),
        (at(0, link.PacketDropped("SYN", "loss", "link a-b")), "lost at link a-b"),
        (at(0, trace.Failed("dns.silent", "dns", "nobody answered")), "dns.silent: nobody"),
    ],
    ids=lambda value: value.type if hasattr(value, "type") else "",
)
def test_every_kind_of_event_has_words(event, words: str) -> None:
    assert words in text_of(event)


def test_two_hops_are_headed_by_their_requests() -> None:
    from testbed.journeys import redirected

    events = (at(0, trace.HopStarted("GET", "http://a/"), hop=0),)
    events += (at(5, trace.HopStarted("GET", "http://b/", reused=True), hop=1),)
    text = "\n".join(line.plain for line in ladder(redirected().__class__(**_with(events)), LOOK))
    assert "── 1  GET http://a/ ──" in text
    assert "── 2  GET http://b/ (same connection) ──" in text


def _with(events):
    import msgspec

    from testbed.journeys import redirected

    fields = msgspec.structs.asdict(redirected())
    return {**fields, "events": events}


def test_text_of_a_peer_cannot_leave_its_line() -> None:
    evil = Record("a.\x1b[2J\n", 1, "TXT", "\x1b]0;owned\x07\u202e")
    text = text_of(at(0, dns.Answer(1, "NOERROR", (), "answer", (evil,), 9), "received"))
    assert "\x1b" not in text
    assert "\u202e" not in text


def test_an_empty_journey_has_no_ladder() -> None:
    assert lines_of() == []


def test_an_attempt_is_beaten_only_by_one_that_connected() -> None:
    start = tcp.ConnectStarted(1, "2001:db8::1", 443)
    given_up = at(40, tcp.ConnectCancelled(1), connection="tcp2")
    alone = (at(0, start, "sent", connection="tcp2"), given_up)
    assert "given up" in text_of(*alone)
    assert "won" not in text_of(*alone)
    winner = (
        at(0, tcp.ConnectStarted(2, "192.0.2.1", 443), "sent", **TCP1),
        at(30, tcp.Connected(2, "192.0.2.9", 50_000), "received", **TCP1),
    )
    assert "given up, another address won" in text_of(*alone, *winner)


def test_who_stands_at_the_right_is_called_a_proxy_if_it_is_one() -> None:
    story = Story("http://site.test/")
    story.emit(trace.Decision("proxy", "http://proxy.test:3128", "-x"))
    journey = story.lookup(name="proxy.test").connect(took_ms=10).exchange(version="1.1").journey()
    assert "proxy 192.0.2.1:443" in "\n".join(line.plain for line in ladder(journey, Look(100)))
