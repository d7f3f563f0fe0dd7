"""Hand-made journeys: what the renderers and exporters are shown in their tests."""

from typing import Any

import msgspec

from firstbyte.events import Event, dns, http, tcp, tls, trace
from firstbyte.events.dns import Record
from firstbyte.events.tcp import Segment, SegmentOptions, TcpInfo
from firstbyte.events.tls import Certificate
from firstbyte.journey.model import (
    Attempt,
    Dns,
    DnsQuestion,
    Error,
    Finding,
    Hop,
    Http,
    Interval,
    Journey,
    Outcome,
    Phase,
    Phases,
    Tcp,
    TcpOptions,
    Tls,
    TlsMessage,
    Tool,
    Totals,
    Verify,
    WindowScale,
)

URL = "https://shop.example/basket"
RESOLVER = "192.0.2.53:53"


def certificate(depth: int = 0, **changes: Any) -> Certificate:
    fields: dict[str, Any] = {
        "depth": depth,
        "sent": True,
        "subject": "CN=shop.example" if depth == 0 else "CN=Example Intermediate CA",
        "issuer": "CN=Example Intermediate CA" if depth == 0 else "CN=Example Root CA",
        "serial": f"0{depth}a1b2c3",
        "not_before": "2026-01-01T00:00:00Z",
        "not_after": "2027-01-01T00:00:00Z",
        "key": "EC P-256",
        "signature_algorithm": "ecdsa-with-SHA256",
        "san": ("shop.example", "www.shop.example") if depth == 0 else (),
        "is_ca": depth > 0,
        "self_signed": False,
        "sha256": "ab" * 32,
        "bytes": 612,
    }
    return Certificate(**{**fields, **changes})


def question(type_: str, start_ms: float, duration_ms: float, *data: str) -> DnsQuestion:
    answers = tuple(Record("shop.example.", 300, type_, value) for value in data)
    return DnsQuestion(
        name="shop.example.",
        type=type_,
        server=RESOLVER,
        transport="udp",
        attempt=1,
        start_ms=start_ms,
        duration_ms=duration_ms,
        rcode="NOERROR",
        kind="answer" if data else "nodata",
        flags=("qr", "rd", "ra"),
        answers=answers,
        query_bytes=41,
        answer_bytes=57,
    )


def healthy_hop(**changes: Any) -> Hop:
    fields: dict[str, Any] = {
        "url": URL,
        "method": "GET",
        "status": 200,
        "http_version": "2",
        "remote_ip": "203.0.113.7",
        "remote_port": 443,
        "local_ip": "198.51.100.2",
        "local_port": 40312,
        "reused": False,
        "phases": Phases(
            dns=Phase(0.1, 30.4, "cold: 3 questions", 1),
            tcp=Phase(30.5, 20.2, "SYN → SYN-ACK, mss 1460 sack ts wscale 7/7", 1),
            tls=Phase(50.7, 23.9, "TLS 1.3 X25519MLKEM768, h2", 1),
            send=Phase(74.6, 0.2, "GET, 312 B"),
            wait=Phase(74.8, 70.4, "server thinking", 1),
            receive=Phase(145.2, 37.1, "58.4 kB in 3 flights, limited by the congestion window", 2),
        ),
        "first_byte_ms": 145.2,
        "last_byte_ms": 182.3,
        "start_ms": 0.0,
        "dns": Dns(
            name="shop.example",
            questions=(
                question("A", 0.1, 30.2, "203.0.113.7"),
                question("AAAA", 0.1, 30.3, "2001:db8::7"),
                question("HTTPS", 0.2, 30.3),
            ),
            answers=(
                Record("shop.example.", 300, "A", "203.0.113.7"),
                Record("shop.example.", 300, "AAAA", "2001:db8::7"),
            ),
            addresses=("2001:db8::7", "203.0.113.7"),
            origin=None,
        ),
        "tcp": Tcp(
            rtt_ms=20.1,
            rtt_source="kernel",
            attempts=(
                Attempt(
                    transport="tcp",
                    address="2001:db8::7",
                    port=443,
                    start_ms=30.5,
                    duration_ms=0.1,
                    outcome="failed",
                    error="tcp.no_route",
                    errno="ENETUNREACH",
                ),
                Attempt(
                    transport="tcp",
                    address="203.0.113.7",
                    port=443,
                    start_ms=30.5,
                    duration_ms=20.2,
                    outcome="connected",
                ),
            ),
            options=TcpOptions(1460, sack=True, timestamps=True, window_scale=WindowScale(7, 7)),
            info={
                "end": TcpInfo(
                    state="ESTABLISHED", rtt_us=20100, rttvar_us=900, snd_cwnd_segments=10
                )
            },
            closed="fin",
        ),
        "tls": Tls(
            version="TLSv1.3",
            cipher="TLS_AES_256_GCM_SHA384",
            group="X25519MLKEM768",
            signature_algorithm="ecdsa_secp256r1_sha256",
            alpn="h2",
            alpn_offered=("h2", "http/1.1"),
            server_name="shop.example",
            resumed=False,
            early_data=False,
            messages=(
                TlsMessage(
                    at_ms=51.0, from_="client", type="client_hello", bytes=1627, encrypted=False
                ),
                TlsMessage(
                    at_ms=72.0, from_="server", type="server_hello", bytes=1210, encrypted=False
                ),
                TlsMessage(
                    at_ms=72.1, from_="server", type="certificate", bytes=2834, encrypted=True
                ),
            ),
            certificates=(certificate(0), certificate(1)),
            chain=(certificate(0), certificate(1), certificate(2, sent=False, self_signed=True)),
            verify=Verify(ok=True, errors=(), name_checked="shop.example"),
            compute_ms=1.9,
        ),
        "quic": None,
        "http": Http(
            request_headers=((":method", "GET"), (":path", "/basket"), ("cookie", "[redacted]")),
            response_headers=(
                ("content-type", "text/html; charset=utf-8"),
                ("content-encoding", "gzip"),
                ("server", "nginx"),
            ),
            body_bytes=58412,
            decoded_bytes=211034,
            encoding="gzip",
            request_head_bytes=312,
            request_body_bytes=0,
        ),
    }
    return Hop(**{**fields, **changes})


LEDGER = (
    Interval("client compute", 0.0, 0.1, None, "before the first question"),
    Interval("dns round trip", 0.1, 30.4, 1, "A, AAAA and HTTPS in parallel"),
    Interval("tcp handshake", 30.5, 20.2, 1, "SYN to SYN-ACK"),
    Interval("tls round trip", 50.7, 21.3, 1, "client_hello to server_hello"),
    Interval("tls compute (client)", 72.0, 2.6, None, "verification and keys"),
    Interval("request round trip", 74.6, 20.1, 1, "path RTT 20.1 ms"),
    Interval("server time", 94.7, 50.5, None, "wait of 70.6 ms less one round trip"),
    Interval("transfer limited by congestion window", 145.2, 36.9, 2, "3 flights"),
    Interval("unaccounted", 182.1, 0.2, None, ""),
)


def finding(severity: Any = "warning", **changes: Any) -> Finding:
    fields: dict[str, Any] = {
        "id": "http.no_compression",
        "layer": "http",
        "severity": severity,
        "finding": "Text was sent without compression.",
        "evidence": "content-type text/html, 211,034 bytes, no content-encoding",
        "fix": "Turn on gzip, br or zstd for text types in the server.",
        "reference": "RFC 9110, 8.4",
    }
    return Finding(**{**fields, **changes})


def healthy(**changes: Any) -> Journey:
    fields: dict[str, Any] = {
        "tool": Tool("firstbyte", "0.1.0"),
        "url": URL,
        "started_at": "2026-11-21T04:05:06.789012Z",
        "network": "kernel",
        "outcome": Outcome(ok=True, exit_code=0),
        "hops": (healthy_hop(),),
        "ledger": LEDGER,
        "totals": Totals(
            first_byte_ms=145.2,
            last_byte_ms=182.3,
            rtt_ms=20.1,
            round_trips=6,
            minimum_round_trips=4,
            server_ms=50.5,
            unaccounted_ms=0.2,
        ),
        "events": healthy_events(),
        "findings": (),
    }
    return Journey(**{**fields, **changes})


def redirected() -> Journey:
    first = healthy_hop(
        url="http://shop.example/basket",
        status=301,
        http_version="1.1",
        remote_port=80,
        phases=Phases(
            dns=Phase(0.1, 30.4, "cold: 3 questions", 1),
            tcp=Phase(30.5, 20.2, "SYN → SYN-ACK, mss 1460 sack ts wscale 7/7", 1),
            send=Phase(50.7, 0.1, "GET, 140 B"),
            wait=Phase(50.8, 21.0, "server thinking", 1),
            receive=Phase(71.8, 0.1, "no content"),
        ),
        tls=None,
        redirect_url=URL,
        first_byte_ms=71.8,
        last_byte_ms=71.9,
    )
    second = healthy_hop(
        start_ms=71.9,
        phases=Phases(
            dns=Phase(71.9, 0.1, "warm: cached answer", 0),
            tcp=Phase(72.0, 20.2, "SYN → SYN-ACK, mss 1460 sack ts wscale 7/7", 1),
            tls=Phase(92.2, 23.9, "TLS 1.3 X25519MLKEM768, h2", 1),
            send=Phase(116.1, 0.2, "GET, 312 B"),
            wait=Phase(116.3, 70.4, "server thinking", 1),
            receive=Phase(186.7, 37.1, "58.4 kB in 3 flights", 2),
        ),
        first_byte_ms=186.7,
        last_byte_ms=223.8,
    )
    totals = msgspec.structs.replace(healthy().totals, first_byte_ms=186.7, last_byte_ms=223.8)
    return healthy(url=first.url, hops=(first, second), totals=totals)


def expired() -> Journey:
    hop = healthy_hop(
        status=None,
        http_version=None,
        http=None,
        first_byte_ms=None,
        last_byte_ms=None,
        phases=Phases(
            dns=Phase(0.1, 30.4, "cold: 3 questions", 1),
            tcp=Phase(30.5, 20.2, "SYN → SYN-ACK, mss 1460 sack ts wscale 7/7", 1),
            tls=Phase(50.7, 23.9, "TLS 1.3, certificate expired", 1),
        ),
    )
    error = Error(
        "tls.cert.expired",
        "tls",
        "the certificate of shop.example expired 12 days ago",
        "renew it; -k sends the request in spite of it",
    )
    totals = Totals(
        first_byte_ms=None,
        last_byte_ms=74.6,
        rtt_ms=20.1,
        round_trips=3,
        minimum_round_trips=3,
        server_ms=None,
        unaccounted_ms=0.0,
    )
    found = finding(
        "critical",
        id="tls.cert.expired",
        layer="tls",
        finding="The server's certificate expired 12 days ago; every client refuses it.",
        evidence="not_after 2026-11-09T00:00:00Z, now 2026-11-21T04:05:06Z; CN=shop.example",
        fix="Renew the certificate, install it with its chain and reload the server.",
        reference="RFC 5280, 4.1.2.5",
    )
    return healthy(
        hops=(hop,),
        outcome=Outcome(ok=False, exit_code=60, error=error),
        totals=totals,
        ledger=LEDGER[:5],
        findings=(finding("info", id="tcp.no_fast_open", layer="tcp"), found),
    )


def at(ms: float, what: Any, direction: Any = None, **envelope: Any) -> Event:
    return Event(
        at_ns=round(ms * 1e6),
        source=envelope.pop("source", "kernel"),
        what=what,
        direction=direction,
        **envelope,
    )


def healthy_events() -> tuple[Event, ...]:
    wire: dict[str, Any] = {"connection": "tcp2", "source": "inferred"}
    tcp2: dict[str, Any] = {"connection": "tcp2"}
    return (
        at(0.0, trace.TraceStarted(URL)),
        at(0.0, trace.HopStarted("GET", URL)),
        at(0.1, dns.LookupStarted("shop.example", ("A", "AAAA", "HTTPS"))),
        *(
            at(0.1, dns.Question(number, "shop.example.", kind, RESOLVER, "udp", 1, 41), "sent")
            for number, kind in enumerate(("A", "AAAA", "HTTPS"), start=1)
        ),
        at(30.3, _answer(1, "A", "203.0.113.7"), "received"),
        at(30.4, _answer(2, "AAAA", "2001:db8::7"), "received"),
        at(30.5, dns.Answer(3, "NOERROR", ("qr", "rd", "ra"), "nodata", (), 99), "received"),
        at(30.5, tcp.ConnectStarted(1, "2001:db8::7", 443), connection="tcp1"),
        at(
            30.5,
            tcp.ConnectFailed(1, "tcp.no_route", "Network is unreachable", "ENETUNREACH"),
            connection="tcp1",
        ),
        at(30.5, tcp.ConnectStarted(2, "203.0.113.7", 443), **tcp2),
        at(30.5, Segment("SYN", 0), "sent", **wire),
        at(50.7, Segment("SYN ACK", 0, options=SegmentOptions(mss=1460)), "received", **wire),
        at(50.7, Segment("ACK", 0), "sent", **wire),
        at(50.7, tcp.Connected(2, "198.51.100.2", 40312), **tcp2),
        at(50.7, tls.HandshakeStarted("shop.example", ("h2", "http/1.1")), **tcp2),
        *_tls_messages(),
        at(74.6, http.RequestStarted("2", "GET", "/basket", (), 1), "sent", **tcp2),
        at(74.8, http.RequestSent(312, 0), "sent", **tcp2),
        at(145.2, http.FirstByte(), "received", **tcp2),
        at(145.2, http.ResponseStarted("2", 200, "", (("server", "nginx"),)), "received", **tcp2),
        *(at(145.2 + n, http.BodyReceived(1460, 1), "received", **tcp2) for n in range(30)),
        at(182.3, http.ResponseFinished(58412, 211034, "gzip"), "received", **tcp2),
        at(182.5, tcp.Closed("fin"), "sent", **tcp2),
        at(182.5, Segment("FIN ACK", 0), "sent", **wire),
        at(182.6, trace.HopFinished()),
        at(182.6, trace.TraceFinished()),
    )


def _answer(query: int, kind: str, data: str) -> dns.Answer:
    record = Record("shop.example.", 300, kind, data)
    return dns.Answer(query, "NOERROR", ("qr", "rd", "ra"), "answer", (record,), 57)


def _tls_messages() -> tuple[Event, ...]:
    rows = (
        (51.0, "client_hello", 1627, False, "sent"),
        (72.0, "server_hello", 1210, False, "received"),
        (72.1, "encrypted_extensions", 15, True, "received"),
        (72.2, "certificate", 2834, True, "received"),
        (72.3, "certificate_verify", 79, True, "received"),
        (72.3, "finished", 52, True, "received"),
        (74.5, "finished", 52, True, "sent"),
    )
    return tuple(
        at(ms, tls.Message(name, size, hidden), direction, connection="tcp2")
        for ms, name, size, hidden, direction in rows
    )
