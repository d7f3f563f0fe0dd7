"""Every rule, on journeys of composed events; test_rules_real.py makes the faults for real."""

from collections.abc import Callable

import pytest
from hypothesis import given
from msgspec import structs

from firstbyte.diagnosis import diagnose
from firstbyte.diagnosis.registry import all_rules, rule
from firstbyte.diagnosis.rule import SEVERITIES
from firstbyte.events import Event, dns, http, quic, tcp, tls, trace
from firstbyte.journey.builder import build_journey
from testbed import arbitrary
from testbed.events import RETRY_FLIGHTS, STARTED_AT, Story, certificate, healthy
from testbed.zone_faults import ZONE_FAULTS

Make = Callable[[], Story]


def cold() -> Story:
    return Story().lookup().connect()


def secure() -> Story:
    return cold().handshake()


def dns_error(error: str, rcode: str | None) -> Make:
    return lambda: Story().lookup_fails(error, rcode=rcode)


def tcp_error(error: str) -> Make:
    return lambda: Story().lookup().connect_fails(error).fails(error, "tcp")


def tls_error(error: str, alert: str | None = None) -> Make:
    return lambda: cold().handshake_fails(error, alert=alert)


def http_error(error: str) -> Make:
    return lambda: secure().request().response().fails(error, "receive")


def quic_error(error: str) -> Make:
    return lambda: Story().lookup().connect_quic().request(version="3").fails(error, "quic")


def bad_certificate(finding: str, name: str = "SOME_NAME", *, go_on: bool = False) -> Make:
    def make() -> Story:
        error = tls.VerifyError(0, 10, name, "it is bad", finding)
        story = cold().handshake(errors=(error,))
        return story.exchange() if go_on else story.fails(finding, "tls")

    return make


def chain_of(*certificates: tls.Certificate) -> Make:
    return lambda: cold().handshake(certificates=certificates).exchange()


def headers(*fields: tuple[str, str], size: int = 60_000, status: int = 200) -> Make:
    def make() -> Story:
        story = secure().request(headers=(("accept-encoding", "gzip, br"),))
        return story.response(headers=fields, status=status, wait_ms=30).body(size)

    return make


def cut_off(*fields: tuple[str, str]) -> Story:
    story = cold().handshake(alpn="http/1.1").request(version="1.1")
    story.response(version="1.1", headers=fields)
    story.on(tls.Truncated(), "received")
    return story.body(100)


def test_a_missing_close_notify_after_a_whole_message_is_only_information() -> None:
    journey = cut_off(("content-length", "100")).journey()
    found = {finding.id: finding.severity for finding in diagnose(journey)}
    assert found["tls.truncated"] == "info"


def retried() -> Story:
    story = Story()
    story.emit(dns.LookupStarted("site.test", ("A",)))
    lost = story.ask("A", server="192.0.2.99:53")
    story.pause(5000).emit(dns.TimedOut(lost, 5.0))
    story.answer(story.ask("A", attempt=2), "A", ["192.0.2.1"])
    story.emit(dns.LookupFinished("site.test", ("192.0.2.1",)))
    return story.connect().exchange()


def truncated() -> Story:
    story = Story()
    story.emit(dns.LookupStarted("site.test", ("A",)))
    story.answer(story.ask("A"), "A", flags=("qr", "tc"))
    story.answer(story.ask("A", transport="tcp"), "A", ["192.0.2.1"])
    story.emit(dns.LookupFinished("site.test", ("192.0.2.1",)))
    return story.connect().exchange()


def broken_ipv6() -> Story:
    story = Story().lookup("2001:db8::1", "192.0.2.1")
    loser = story.start_connect("2001:db8::1")
    story.pause(250).connect("192.0.2.1")
    story.emit(tcp.ConnectCancelled(1), connection=loser)
    return story.handshake().exchange()


def dead_address() -> Story:
    story = Story().lookup("192.0.2.9", "192.0.2.1")
    return story.connect_fails(address="192.0.2.9").connect("192.0.2.1").exchange()


def lost_syn() -> Story:
    story = Story().lookup()
    story.connection = story.start_connect()
    return story.connects(took_ms=1020, rtt_ms=20).exchange()


def lossy() -> Story:
    story = secure().request().response()
    return story.info("end", total_retrans=3, bytes_retrans=4000).body()


def two_redirects() -> Story:
    story = Story("http://site.test/").lookup().connect()
    story.exchange(version="1.1", status=301, headers=(("location", "https://site.test/"),))
    story.redirect("https://site.test/").connect().handshake()
    story.exchange(status=302, headers=(("location", "/home"),))
    return story.redirect("https://site.test/home", reused=True).exchange()


def redirects_end_in(error: str) -> Make:
    def make() -> Story:
        story = secure().exchange(status=302, headers=(("location", "/a"),))
        story.redirect("https://site.test/a", reused=True)
        story.exchange(status=302, headers=(("location", "/"),))
        return story.fails(error, "receive", "this URL was asked for before")

    return make


def blocked_quic() -> Story:
    story = Story().lookup()
    what = quic.ConnectionStarted(1, "192.0.2.1", 443, "1")
    story.emit(what, direction="sent", connection="quic1").pause(250)
    story.connect().handshake()
    story.emit(quic.ConnectionCancelled(), connection="quic1")
    return story.exchange()


def silent_in(phase: str) -> Make:
    return lambda: secure().request().pause(900).fails("deadline.total", phase)


def paced() -> Story:
    return secure().request().response(wait_ms=30).body(4000, took_ms=900)


def segments(story: Story, count: int, *, first: int = 0, gap_ms: float = 0) -> Story:
    """So many full segments of the server's, seen by a tap."""
    for number in range(first, first + count):
        what = tcp.Segment("ACK", 1448, seq=number * 1448)
        story.emit(what, direction="received", connection=story.connection, source="capture")
        story.pause(gap_ms)
    return story


def large_record() -> Story:
    story = segments(secure().request().pause(30), 10)
    return segments(story.pause(30), 2, first=10).response(wait_ms=0).body(16_000, took_ms=0)


def bloated(loaded_us: int = 400_000) -> Story:
    story = Story().lookup().connect(took_ms=40).request().response().body(500_000, took_ms=5)
    return story.info("end", min_rtt_us=40_000, rtt_us=41_000, rcv_rtt_us=loaded_us)


def probed(answer: tcp.Segment | None, *, how: str | None = None) -> Story:
    story = segments(secure().request().pause(40), 1).pause(110_000)
    story.on(tcp.Probed(110_000_000_000), "sent")
    story.pause(100)
    if answer is not None:
        story.emit(answer, direction="received", connection=story.connection, source="capture")
    if how is not None:
        story.on(tcp.Closed("rst"), "received")
    return story.pause(900).fails("deadline.total", "wait")


def must_staple(
    staple: tls.Staple | None = None, *, asked: bool = True, demanded: bool = True
) -> Story:
    story = cold().handshake(certificates=(certificate(must_staple=demanded),))
    detail = {"extensions": ["status_request"] if asked else []}
    story.on(tls.Message("client_hello", 300, False, detail), "sent")
    story.on(tls.Verified(True, (), "site.test", staple))
    return story.exchange()


def two_lengths(version: str = "1.1", *, length: bool = True, coding: bool = True) -> Story:
    fields = (("Content-Length", "5000"),) if length else ()
    fields += (("Transfer-Encoding", "chunked"),) if coding else ()
    return Story("http://site.test/").lookup().connect().exchange(version=version, headers=fields)


def proxied(error: str) -> Make:
    def make() -> Story:
        story = Story().lookup(name="proxy.test").connect()
        story.on(http.ProxyConnect("http://proxy.test:3128", "site.test:443"), "sent")
        story.pause(10).on(http.ProxyConnected(407), "received")
        return story.fails(error, "proxy")

    return make


def used(make: Make) -> Make:
    """The walk, and a request after it."""
    return lambda: make().connect().exchange()


FAULTS: dict[str, Make] = {
    "dns.nxdomain": dns_error("dns.nxdomain", "NXDOMAIN"),
    "dns.nodata": dns_error("dns.nodata", "NOERROR"),
    "dns.servfail": dns_error("dns.servfail", "SERVFAIL"),
    "dns.bogus": dns_error("dns.bogus", "SERVFAIL"),
    "dns.refused": dns_error("dns.refused", "REFUSED"),
    "dns.silent": dns_error("dns.silent", None),
    "dns.tcp_blocked": dns_error("dns.tcp_blocked", "NOERROR"),
    "dns.malformed": dns_error("dns.malformed", None),
    "dns.failed": dns_error("dns.failed", "NOTIMP"),
    "dns.slow": lambda: Story().lookup(took_ms=400).connect().exchange(),
    "dns.retried": retried,
    "dns.truncated": truncated,
    **{finding_id: used(make) for finding_id, make in ZONE_FAULTS.items()},
    "tcp.refused": tcp_error("tcp.refused"),
    "tcp.timed_out": tcp_error("tcp.timed_out"),
    "tcp.no_route": tcp_error("tcp.no_route"),
    "tcp.failed": tcp_error("tcp.failed"),
    "tcp.interface": tcp_error("tcp.interface"),
    "tcp.reset": lambda: secure().request().fails("tcp.reset", "wait"),
    "tcp.ipv6_broken": broken_ipv6,
    "tcp.address_failed": dead_address,
    "tcp.handshake_retransmission": lost_syn,
    "tcp.loss": lossy,
    "deadline.connect": lambda: cold().fails("deadline.connect", "tls"),
    "deadline.total": silent_in("wait"),
    "tls.cert.expired": bad_certificate("tls.cert.expired", "CERT_HAS_EXPIRED"),
    "tls.cert.not_yet_valid": bad_certificate("tls.cert.not_yet_valid"),
    "tls.cert.self_signed": bad_certificate("tls.cert.self_signed"),
    "tls.cert.unknown_authority": bad_certificate("tls.cert.unknown_authority"),
    "tls.cert.missing_intermediate": bad_certificate("tls.cert.missing_intermediate"),
    "tls.cert.wrong_name": bad_certificate("tls.cert.wrong_name"),
    "tls.cert.revoked": bad_certificate("tls.cert.revoked"),
    "tls.cert.weak": bad_certificate("tls.cert.weak"),
    "tls.cert.wrong_use": bad_certificate("tls.cert.wrong_use"),
    "tls.cert.invalid": bad_certificate("tls.cert.invalid"),
    "tls.cert.expiring": chain_of(certificate(not_after="2026-03-12T00:00:00Z")),
    "tls.plain_http": tls_error("tls.plain_http"),
    "tls.no_common_version": tls_error("tls.no_common_version", "protocol_version"),
    "tls.no_common_cipher": tls_error("tls.no_common_cipher", "handshake_failure"),
    "tls.no_common_alpn": tls_error("tls.no_common_alpn", "no_application_protocol"),
    "tls.client_certificate_required": tls_error("tls.client_certificate_required"),
    "tls.hello_retry": lambda: cold().handshake(flights=RETRY_FLIGHTS).exchange(),
    "tls.dropped": tls_error("tls.dropped"),
    "tls.protocol": tls_error("tls.protocol"),
    "tls.alert": tls_error("tls.alert.unrecognized_name", "unrecognized_name"),
    "tls.truncated": cut_off,
    "tls.old_version": lambda: cold().handshake(version="TLSv1.2").exchange(),
    "tls.full_handshake_cost": lambda: cold().handshake(version="TLSv1.2").exchange(),
    "tls.weak_cipher": lambda: cold().handshake(version="TLSv1.2", cipher="AES128-SHA").exchange(),
    "tls.large_record": large_record,
    "tcp.bufferbloat": bloated,
    "tcp.dead_peer": lambda: probed(answer=None),
    "tls.cert.must_staple": must_staple,
    "tls.intercepted": chain_of(certificate(issuer="CN=Zscaler Intermediate Root CA")),
    "tls.large_certificates": chain_of(certificate(bytes=9000), certificate(depth=1, bytes=9000)),
    "tls.root_sent": chain_of(certificate(), certificate(depth=1, self_signed=True)),
    "http.empty_reply": lambda: secure().request().fails("http.empty_reply", "wait"),
    "http.reset": http_error("http.reset"),
    "http.send_failed": http_error("http.send_failed"),
    "http.protocol3": http_error("http.protocol3"),
    "http.tls_on_plain_port": http_error("http.tls_on_plain_port"),
    "http.malformed": http_error("http.malformed"),
    "http.http09": http_error("http.http09"),
    "http.header_too_large": http_error("http.header_too_large"),
    "http.short_body": http_error("http.short_body"),
    "http.redirect_loop": redirects_end_in("http.redirect_loop"),
    "http.too_many_redirects": redirects_end_in("http.too_many_redirects"),
    "http.many_redirects": two_redirects,
    "http.redirect_to_https": two_redirects,
    "http.insecure_redirect": headers(("location", "http://site.test/"), status=302),
    "http.status": headers(status=503),
    "http.slow_first_byte": lambda: secure().exchange(wait_ms=1200),
    "http.ambiguous_length": lambda: two_lengths(),
    "http.no_compression": headers(("content-type", "text/css")),
    "http.no_http2": lambda: cold().handshake(alpn="http/1.1").exchange(version="1.1"),
    "http.stream_reset": http_error("http.stream_reset"),
    "http.goaway": http_error("http.goaway"),
    "http.protocol2": http_error("http.protocol2"),
    "http.bad_encoding": http_error("http.bad_encoding"),
    "http.paced_body": paced,
    "proxy.unresolved": dns_error("proxy.unresolved", "NXDOMAIN"),
    "proxy.connect": tcp_error("proxy.connect"),
    "proxy.denied": proxied("proxy.denied"),
    "proxy.malformed": proxied("proxy.malformed"),
    "quic.refused": quic_error("quic.refused"),
    "quic.timed_out": quic_error("quic.timed_out"),
    "quic.handshake": quic_error("quic.handshake"),
    "quic.version": quic_error("quic.version"),
    "quic.closed": quic_error("quic.closed"),
    "quic.blocked": blocked_quic,
}


def test_every_rule_has_its_fault_here() -> None:
    assert sorted(FAULTS) == [one.id for one in all_rules()]


@pytest.mark.parametrize("finding_id", sorted(FAULTS))
def test_the_fault_is_found(finding_id: str) -> None:
    journey = FAULTS[finding_id]().journey()
    found = {finding.id: finding for finding in diagnose(journey)}
    assert finding_id in found
    finding = found[finding_id]
    assert finding.finding.endswith(".")
    assert finding.evidence
    assert finding.layer == finding_id.partition(".")[0]
    assert "RFC" in finding.reference or "(" in finding.reference


@pytest.mark.parametrize("finding_id", sorted(FAULTS))
def test_the_outcome_of_a_failure_is_the_worst_finding(finding_id: str) -> None:
    journey = FAULTS[finding_id]().journey()
    findings = diagnose(journey)
    ranks = [SEVERITIES.index(finding.severity) for finding in findings]
    assert ranks == sorted(ranks)
    if journey.outcome.error is not None:
        assert findings[0].severity == "critical"


def test_a_healthy_target_gives_nothing_above_info() -> None:
    for story in (healthy(), Story().lookup().connect_quic().exchange(version="3")):
        assert [f for f in diagnose(story.journey()) if f.severity != "info"] == []


@given(arbitrary.events() | arbitrary.mutilated())
def test_any_journey_can_be_diagnosed(events: list[Event]) -> None:
    journey = build_journey(events, url="https://x/", started_at=STARTED_AT, network="kernel")
    diagnose(journey)


def ids(story: Story) -> list[str]:
    return [finding.id for finding in diagnose(story.journey())]


def severity(story: Story, finding_id: str) -> str:
    return next(f.severity for f in diagnose(story.journey()) if f.id == finding_id)


def test_an_accepted_bad_certificate_is_an_error() -> None:
    finding_id = "tls.cert.expired"
    assert severity(bad_certificate(finding_id)(), finding_id) == "critical"
    assert severity(bad_certificate(finding_id, go_on=True)(), finding_id) == "error"


def test_the_same_finding_of_two_hops_is_given_once() -> None:
    story = cold().handshake(certificates=(certificate(not_after="2026-03-12T00:00:00Z"),))
    story.exchange(status=302, headers=(("location", "/a"),))
    story.redirect("https://site.test/a", reused=True).exchange()
    assert ids(story).count("tls.cert.expiring") == 1


@pytest.mark.parametrize(
    ("not_before", "not_after", "expiring"),
    [
        ("2025-12-01T00:00:00Z", "2026-03-31T00:00:00Z", True),
        ("2025-12-01T00:00:00Z", "2026-04-02T00:00:00Z", False),
        ("2026-02-27T00:00:00Z", "2026-03-06T00:00:00Z", False),
        ("2026-02-27T00:00:00Z", "2026-03-03T00:00:00Z", False),
        ("2026-02-23T00:00:00Z", "2026-03-03T00:00:00Z", True),
        ("2025-01-01T00:00:00Z", "2026-02-01T00:00:00Z", False),
        ("not a date", "nor this", False),
    ],
)
def test_when_a_certificate_is_expiring(not_before: str, not_after: str, expiring: bool) -> None:
    story = chain_of(certificate(not_before=not_before, not_after=not_after))()
    assert ("tls.cert.expiring" in ids(story)) is expiring


@pytest.mark.parametrize(("versions", "found"), [(["TLSv1.2"], False), (["TLSv1.3"], True)])
def test_tls_1_2_is_a_fault_only_where_1_3_was_offered(versions: list[str], found: bool) -> None:
    story = cold().handshake(version="TLSv1.2").exchange()
    hello = tls.Message("client_hello", 200, False, {"supported_versions": versions})
    story.events = [
        structs.replace(e, what=hello) if getattr(e.what, "name", "") == "client_hello" else e
        for e in story.events
    ]
    assert ("tls.old_version" in ids(story)) is found
    assert "tls.full_handshake_cost" in ids(story)


def test_a_server_on_one_loopback_alone_is_only_information() -> None:
    story = Story("http://localhost/").hosts("::1", "127.0.0.1", name="localhost")
    story.connect_fails("tcp.refused", address="::1", took_ms=1)
    story.connect("127.0.0.1").exchange(version="1.1")
    assert severity(story, "tcp.ipv6_broken") == "info"


def test_no_ipv6_route_of_our_own_is_only_information() -> None:
    story = Story().lookup("2001:db8::1", "192.0.2.1")
    story.connect_fails("tcp.no_route", address="2001:db8::1", took_ms=0.1, errno="ENETUNREACH")
    assert severity(story.connect("192.0.2.1").exchange(), "tcp.ipv6_broken") == "info"


def test_silence_until_the_connect_deadline_is_a_time_out() -> None:
    story = Story().lookup()
    story.start_connect()
    story.pause(3000).fails("deadline.connect", "tcp")
    assert ids(story) == ["tcp.timed_out"]


@pytest.mark.parametrize(
    ("fields", "size", "found"),
    [
        ((("content-type", "text/html"), ("content-encoding", "br")), 60_000, None),
        ((("content-type", "image/png"),), 60_000, None),
        ((("content-type", "application/ld+json"),), 60_000, "warning"),
        ((("content-type", "text/html; charset=utf-8"),), 5_000, "info"),
        ((("content-type", "text/html"),), 500, None),
    ],
)
def test_when_compression_is_missed(
    fields: tuple[tuple[str, str], ...], size: int, found: str | None
) -> None:
    findings = {f.id: f.severity for f in diagnose(headers(*fields, size=size)().journey())}
    assert findings.get("http.no_compression") == found


def test_a_reset_is_told_beside_what_followed_from_it() -> None:
    story = secure().request().response()
    story.on(tcp.Closed("rst", "ECONNRESET"), "received")
    assert ids(story.fails("http.reset", "receive"))[:2] == ["http.reset", "tcp.reset"]
    finished = secure().exchange().closed("rst", by="received")
    assert "tcp.reset" not in ids(finished)


def test_a_path_that_is_slow_itself_is_no_slow_server() -> None:
    story = Story().lookup().connect(took_ms=280).exchange(wait_ms=500)
    assert "http.slow_first_byte" not in ids(story)


def test_a_slow_answer_through_a_proxy_is_not_blamed_on_the_server() -> None:
    story = Story("http://site.test/")
    story.emit(trace.Decision("proxy", "http://proxy.test:3128", "-x"))
    story.lookup(name="proxy.test").connect(took_ms=10)
    fields = (("X-Cache", "MISS from proxy"),)
    story.exchange(wait_ms=1200, version="1.1", headers=fields)
    [slow] = [f for f in diagnose(story.journey()) if f.id == "http.slow_first_byte"]
    assert slow.finding.startswith("The proxy http://proxy.test:3128 took 1.19 s")
    assert slow.evidence.endswith("X-Cache: MISS from proxy")


@pytest.mark.parametrize(
    ("story", "found", "words"),
    [
        (probed(None), True, "was not acknowledged"),
        (probed(None, how="rst"), True, "answered with RST"),
        (probed(tcp.Segment("ACK", 0, seq=9448)), True, "8000 bytes had been sent"),
        (probed(tcp.Segment("ACK", 0, seq=1448)), False, "the connection lives"),
    ],
)
def test_what_a_probe_tells(story: Story, found: bool, words: str) -> None:
    findings = diagnose(story.journey())
    assert ("tcp.dead_peer" in [f.id for f in findings]) == found
    assert any(words in finding.evidence for finding in findings)


@pytest.mark.parametrize(
    ("came", "missed"),
    [
        (tcp.Segment("SYN ACK", 0, seq=0), 499),
        (tcp.Segment("FIN ACK", 0, seq=499), 0),
        (tcp.Segment("ACK", 0, seq=500), None),
    ],
)
def test_what_was_missed_is_counted_from_the_last_that_came(
    came: tcp.Segment, missed: int | None
) -> None:
    story = Story("http://site.test/").lookup().connect()
    story.emit(came, direction="received", connection=story.connection, source="capture")
    story.request().pause(110_000).on(tcp.Probed(110_000_000_000), "sent")
    answer = tcp.Segment("ACK", 0, seq=500)
    story.pause(100)
    story.emit(answer, direction="received", connection=story.connection, source="capture")
    journey = story.pause(900).fails("deadline.total", "wait").journey()
    [hop] = journey.hops
    assert hop.tcp is not None
    assert hop.tcp.missed_bytes == missed


GOOD = tls.Staple(status="good", valid=True)


@pytest.mark.parametrize(
    ("story", "found"),
    [
        (must_staple(), True),
        (must_staple(GOOD), False),
        (must_staple(tls.Staple(status="good", valid=False)), True),
        (must_staple(tls.Staple(status="try_later")), True),
        (must_staple(asked=False), False),
        (must_staple(demanded=False), False),
    ],
)
def test_when_a_staple_is_missed(story: Story, found: bool) -> None:
    assert ("tls.cert.must_staple" in ids(story)) == found


def test_a_device_that_shows_its_own_certificate_inspects_nothing() -> None:
    own = certificate(subject="CN=FGT60F, O=Fortinet", issuer="CN=FGT60F, O=Fortinet")
    assert "tls.intercepted" in ids(chain_of(own)())
    signed_itself = certificate(subject=own.subject, issuer=own.issuer, self_signed=True)
    assert "tls.intercepted" not in ids(chain_of(signed_itself)())


def from_added_root(host: str, **changes: object) -> Story:
    root = certificate(depth=1, sent=False, subject="CN=Our root", added_from="/usr/local/x.crt")
    return (
        Story(f"https://{host}/")
        .lookup()
        .connect()
        .handshake(certificates=(certificate(**changes), root))
        .exchange()
    )


@pytest.mark.parametrize(
    ("host", "changes", "found"),
    [
        ("shop.example.com", {"logged": False}, True),
        ("shop.example.com", {"logged": True}, False),
        ("intranet.corp", {"logged": False}, False),
        ("intranet", {"logged": False}, False),
        ("192.0.2.1", {"logged": False}, False),
    ],
)
def test_when_an_added_root_is_worth_telling(host: str, changes: dict, found: bool) -> None:
    assert ("tls.intercepted" in ids(from_added_root(host, **changes))) == found


@pytest.mark.parametrize(
    ("story", "found"),
    [
        (two_lengths(), True),
        (two_lengths(length=False), False),
        (two_lengths(coding=False), False),
        (two_lengths("1.0", length=False), True),
        (two_lengths("2"), False),
    ],
)
def test_when_an_end_is_ambiguous(story: Story, found: bool) -> None:
    assert ("http.ambiguous_length" in ids(story)) == found


def test_rules_are_found_by_id() -> None:
    found = rule("tcp.refused")
    assert found is not None
    assert found.layer == "tcp"
    assert rule("tcp.nothing") is None
