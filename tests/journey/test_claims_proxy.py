"""The ledger behind a proxy."""

from firstbyte.events import http, trace
from testbed.events import HEADERS, Story
from testbed.ledgers import spent

PROXY = "http://proxy.test:3128"


def through_proxy(url: str, headers: http.Headers = HEADERS) -> Story:
    story = Story(url)
    story.emit(trace.Decision("proxy", PROXY, "-x"))
    story.lookup(name="proxy.test").connect(took_ms=10)
    if url.startswith("https:"):
        story.on(http.ProxyConnect(PROXY, "site.test:443"), "sent")
        story.pause(10).on(http.ProxyConnected(200), "received")
        story.handshake(took_ms=30)
    return story.exchange(wait_ms=510, version="1.1", headers=headers)


def test_a_forwarding_proxy_and_what_is_behind_it_cannot_be_told_apart() -> None:
    fields = (*HEADERS, ("Via", "1.1 squid"), ("Server-Timing", "db;dur=400"))
    journey = through_proxy("http://site.test/", fields).journey()
    assert spent(journey)["behind_proxy"] == 500
    assert "server_time" not in spent(journey)
    assert journey.totals.server_ms is None
    [row] = [i for i in journey.ledger if i.cause == "behind_proxy"]
    assert "cannot be told apart; Via: 1.1 squid; Server-Timing: db;dur=400" in row.evidence
    [hop] = journey.hops
    assert hop.proxy == PROXY
    assert hop.phases.wait is not None
    assert "behind" in hop.phases.wait.why
    assert journey.totals.round_trips == journey.totals.minimum_round_trips == 3


def test_a_tunnel_shows_the_servers_own_time() -> None:
    journey = through_proxy("https://site.test/").journey()
    assert spent(journey)["server_time"] > 470
    assert "behind_proxy" not in spent(journey)
    assert journey.hops[0].proxy == PROXY


def test_an_answer_with_countless_hints_is_quoted_in_part() -> None:
    fields = (*HEADERS, *[("Via", "1.1 " + "x" * 200)] * 500)
    journey = through_proxy("http://site.test/", fields).journey()
    [row] = [i for i in journey.ledger if i.cause == "behind_proxy"]
    assert len(row.evidence) < 1000
