"""The whole trace over TLS, HTTP/2, HTTP/3 and proxies, on loopback."""

import asyncio
import socket
from dataclasses import replace
from pathlib import Path

import pytest

from firstbyte.client.options import (
    ConnectOptions,
    HttpOptions,
    ResolveOptions,
    TlsOptions,
    TraceOptions,
)
from firstbyte.client.trace import trace
from firstbyte.journey.model import Journey
from testbed.dns_server import DnsServer
from testbed.h3_server import serve_h3
from testbed.http_servers import respond, serve, tunnelling
from testbed.pki import Pki

NAME = "localhost"


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    return Pki(tmp_path_factory.mktemp("pki"))


def options(pki: Pki, http: HttpOptions | None = None, **tls: object) -> TraceOptions:
    return TraceOptions(
        connect=ConnectOptions(tap="off"),
        tls=TlsOptions(ca_file=str(pki.root_file), **tls),  # type: ignore[arg-type]
        http=http or HttpOptions(),
        resolve=ResolveOptions(static=((NAME, 0, ("127.0.0.1",)),)),
    )


def at(given: TraceOptions, port: int) -> TraceOptions:
    fixed = ((NAME, port, ("127.0.0.1",)),)
    return replace(given, resolve=ResolveOptions(static=fixed))


def over_tls(pki: Pki, given: TraceOptions, kind: str = "good") -> Journey:
    async def main() -> Journey:
        context = pki.issue(kind).server_context()
        context.set_alpn_protocols(["http/1.1"])
        async with asyncio.timeout(20), serve(respond(b"hello"), tls=context) as port:
            return await trace(f"https://{NAME}:{port}/", at(given, port))

    return asyncio.run(main())


def over_quic(pki: Pki, given: TraceOptions, kind: str = "good") -> Journey:
    async def main() -> Journey:
        async with asyncio.timeout(20), serve_h3(pki.issue(kind)) as port:
            return await trace(f"https://{NAME}:{port}/", at(given, port))

    return asyncio.run(main())


def test_http1_over_tls(pki: Pki) -> None:
    journey = over_tls(pki, options(pki))
    assert journey.outcome.ok, journey.outcome
    (hop,) = journey.hops
    assert hop.tls is not None
    assert (hop.tls.version, hop.tls.alpn) == ("TLSv1.3", "http/1.1")
    assert hop.http_version == "1.1"
    assert [m.type for m in hop.tls.messages][:2] == ["client_hello", "server_hello"]
    assert hop.phases.tls is not None
    assert hop.phases.tls.round_trips == 1
    assert hop.tls.verify is not None
    assert hop.tls.verify.ok
    assert journey.totals.minimum_round_trips == 3


@pytest.mark.parametrize("kind", ["expired", "wrong_name", "self_signed", "unknown_authority"])
def test_no_request_goes_to_an_unproven_peer(pki: Pki, kind: str) -> None:
    journey = over_tls(pki, options(pki), kind)
    assert journey.outcome.exit_code == 60
    (hop,) = journey.hops
    assert hop.http is None
    assert hop.tls is not None
    assert hop.tls.messages[-1].type in {"alert", "new_session_ticket", "finished"}
    assert journey.findings[0].id == f"tls.cert.{kind}"
    assert journey.findings[0].severity == "critical"
    assert over_tls(pki, options(pki, insecure=True), kind).outcome.ok


def test_http3_alone(pki: Pki) -> None:
    journey = over_quic(pki, options(pki, HttpOptions(version="3", only=True)))
    assert journey.outcome.ok, journey.outcome
    (hop,) = journey.hops
    assert hop.http_version == "3"
    assert hop.quic is not None
    assert hop.tls is not None
    assert hop.tls.alpn == "h3"
    assert hop.phases.quic is not None
    assert hop.phases.tcp is None
    assert journey.totals.minimum_round_trips == 2


def test_http3_beside_tcp_falls_back(pki: Pki) -> None:
    journey = over_tls(pki, options(pki, HttpOptions(version="3")))
    assert journey.outcome.ok, journey.outcome
    (hop,) = journey.hops
    assert hop.http_version == "1.1"
    assert hop.tcp is not None
    assert {a.transport for a in hop.tcp.attempts} >= {"tcp"}


def test_http3_with_a_bad_certificate(pki: Pki) -> None:
    journey = over_quic(pki, options(pki, HttpOptions(version="3", only=True)), "expired")
    assert journey.outcome.exit_code == 60
    assert journey.findings[0].id == "tls.cert.expired"


def test_an_https_record_leads_to_http3(pki: Pki) -> None:
    async def main() -> Journey:
        async with asyncio.timeout(20), serve_h3(pki.issue("good")) as port:
            zone = {
                "a.test": {"A": ["127.0.0.1"]},
                f"_{port}._https.a.test": {"HTTPS": ['1 a.test. alpn="h3,h2"']},
            }
            async with DnsServer(zone) as names:
                given = options(pki, insecure=True)
                resolve = ResolveOptions(servers=(names.address,))
                return await trace(f"https://a.test:{port}/", replace(given, resolve=resolve))

    journey = asyncio.run(main())
    assert journey.outcome.ok, journey.outcome
    assert journey.hops[0].http_version == "3"


def test_through_a_proxy(pki: Pki) -> None:
    async def main() -> Journey:
        context = pki.issue("good").server_context()
        async with (
            asyncio.timeout(20),
            serve(respond(b"hello"), tls=context) as port,
            serve(tunnelling()) as proxy,
        ):
            http = HttpOptions(proxy=f"http://127.0.0.1:{proxy}")
            return await trace(f"https://127.0.0.1:{port}/", options(pki, http, insecure=True))

    journey = asyncio.run(main())
    assert journey.outcome.ok, journey.outcome
    types = [event.type for event in journey.events]
    assert types.index("http.proxy_connected") < types.index("tls.started")
    assert journey.hops[0].proxy


def test_a_proxy_that_is_not_there(pki: Pki) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    http = HttpOptions(proxy=f"http://127.0.0.1:{port}")
    journey = asyncio.run(trace("http://example.test/", options(pki, http)))
    assert journey.outcome.error is not None
    assert journey.outcome.error.id == "proxy.connect"
    assert journey.outcome.exit_code == 7


def test_an_unreadable_ca_file_is_said_before_anything_is_sent(pki: Pki, tmp_path: Path) -> None:
    given = replace(options(pki), tls=TlsOptions(ca_file=str(tmp_path / "none.pem")))
    journey = asyncio.run(trace("https://localhost:1/", given))
    assert journey.outcome.exit_code == 77
    assert journey.events[0].type == "trace.started"
    assert not [e for e in journey.events if e.layer == "tcp"]
