"""DoT and DoH with real TLS: the standard library's server against our engine."""

import asyncio
from pathlib import Path

import pytest

from firstbyte.events import Scope
from firstbyte.net.stream import Stream
from firstbyte.net.tls import TlsSettings, TlsStream, start_tls
from firstbyte.net.tls_trust import choose_roots
from firstbyte.resolver.settings import make_settings
from firstbyte.resolver.stub import StubResolver
from testbed.dns_server import DnsServer
from testbed.pki import Pki
from testbed.secure_dns_server import SecureDnsServer

ZONE = {"www.example": {"A": ["192.0.2.1"], "AAAA": ["2001:db8::1"], "HTTPS": ["1 . alpn=h2"]}}


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    return Pki(tmp_path_factory.mktemp("pki"))


def resolver_for(server: SecureDnsServer, ca_file: Path) -> StubResolver:
    roots = choose_roots(
        ca_file=str(ca_file), ca_path=None, ca_pem=None, environment={}, anchors_pem=None
    )
    tls = TlsSettings(roots=roots)

    async def secure(stream: Stream, name: str, alpn: tuple[str, ...], scope: Scope) -> TlsStream:
        return await start_tls(stream, tls, name, alpn, scope)

    if server.kind == "dot":
        settings = make_settings(dot=("localhost", server.port))
    else:
        settings = make_settings(doh_url=f"https://localhost:{server.port}/dns-query{{?dns}}")
    return StubResolver(settings, secure)


@pytest.mark.parametrize(
    ("kind", "alpn"), [("dot", []), ("doh", ["h2", "http/1.1"]), ("doh", ["http/1.1"])]
)
def test_a_verified_server_answers(bench, pki: Pki, kind: str, alpn: list[str]) -> None:
    context = pki.issue("good").server_context()
    if alpn:
        context.set_alpn_protocols(alpn)

    async def main() -> None:
        async with DnsServer(ZONE) as names, SecureDnsServer(names, kind, context) as server:
            run = await bench.run(resolver_for(server, pki.root_file), "www.example")
        assert run.error is None
        assert run.addresses(4) == ("192.0.2.1",)
        assert run.addresses(6) == ("2001:db8::1",)
        tls = [event for event in run.events if event.layer == "tls"]
        assert {event.connection for event in tls} <= {"tcp1", "tcp2", "tcp3"}
        question = next(event for event in run.events if event.type == "dns.question")
        assert question.what.transport == kind
        if kind == "doh":
            assert {path for _, path in server.requests} == {"/dns-query"}

    asyncio.run(main())


@pytest.mark.parametrize("kind", ["dot", "doh"])
@pytest.mark.parametrize("fault", ["expired", "wrong_name", "unknown_authority"])
def test_an_unverified_server_is_asked_nothing(bench, pki: Pki, kind: str, fault: str) -> None:
    async def main() -> None:
        context = pki.issue(fault).server_context()
        async with DnsServer(ZONE) as names, SecureDnsServer(names, kind, context) as server:
            run = await bench.run(resolver_for(server, pki.root_file), "www.example")
        assert run.error_id == "dns.failed"
        assert "certificate" in str(run.error)
        assert names.asked == []
        assert run.told("dns.question") == []

    asyncio.run(main())


def test_the_systems_trust_is_the_default(bench, pki: Pki, monkeypatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(pki.root_file))
    monkeypatch.delenv("CURL_CA_BUNDLE", raising=False)

    async def main() -> None:
        context = pki.issue("good").server_context()
        async with DnsServer(ZONE) as names, SecureDnsServer(names, "dot", context) as server:
            settings = make_settings(dot=("localhost", server.port))
            run = await bench.run(settings, "www.example")
        assert run.addresses(4) == ("192.0.2.1",)

    asyncio.run(main())
