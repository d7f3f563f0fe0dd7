"""DoT and DoH without their TLS: what stands inside it, and how connections are shared."""

import asyncio
import contextlib
from collections.abc import Callable

import pytest
from msgspec.structs import replace

from firstbyte.errors import TlsError, UsageError
from firstbyte.events import Scope
from firstbyte.net.stream import Stream
from firstbyte.resolver.settings import StubSettings, make_settings
from firstbyte.resolver.stub import StubResolver
from firstbyte.resolver.transports.doh_framing import Endpoint, parse_endpoint
from testbed.dns_server import DnsServer
from testbed.secure_dns_server import SecureDnsServer

ZONE = {
    "www.example": {"A": ["192.0.2.1"], "AAAA": ["2001:db8::1"], "HTTPS": ["1 . alpn=h2"]},
    "big.example": {"A": ["192.0.2.1"]},
}


class Clear:
    """Stands in for a TLS stream: no cipher, but an ALPN."""

    def __init__(self, stream: Stream, alpn: str | None) -> None:
        self._stream = stream
        self.alpn = alpn

    def __getattr__(self, name: str) -> object:
        return getattr(self._stream, name)


def without_tls(alpn: str | None):
    async def start_tls(stream: Stream, name: str, offer: tuple[str, ...], scope: Scope) -> Clear:
        return Clear(stream, alpn)

    return start_tls


def settings_for(server: SecureDnsServer, host: str = "dns.test", **system: object) -> StubSettings:
    hosts = f"{server.address[0]} {host}\n"
    if server.kind == "dot":
        settings = make_settings(dot=(host, server.port), hosts_file=hosts)
    else:
        url = f"https://{host}:{server.port}/dns-query"
        settings = make_settings(doh_url=url, hosts_file=hosts)
    return replace(settings, system=replace(settings.system, **system))


def resolver_for(server: SecureDnsServer, **system: object) -> StubResolver:
    alpn = {"dot": None, "doh": "h2" if server.http == "2" else "http/1.1"}[server.kind]
    return StubResolver(settings_for(server, **system), without_tls(alpn))


KINDS = [("dot", "2"), ("doh", "2"), ("doh", "1.1")]


@pytest.mark.parametrize(("kind", "http"), KINDS)
def test_all_questions_are_answered(bench, kind: str, http: str) -> None:
    async def main() -> None:
        async with DnsServer(ZONE) as names, SecureDnsServer(names, kind, http=http) as server:
            run = await bench.run(resolver_for(server), "www.example")
        assert run.error is None
        assert run.addresses(4) == ("192.0.2.1",)
        assert run.addresses(6) == ("2001:db8::1",)
        assert run.https.records[0].alpn == ("h2",)
        questions = [event for event in run.events if event.type == "dns.question"]
        assert {event.what.transport for event in questions} == {kind}
        assert {event.connection for event in questions} <= {"tcp1", "tcp2", "tcp3"}
        assert server.connections <= (3 if http == "1.1" else 1)
        assert all(question.what.bytes % 128 == 0 for question in questions)

    asyncio.run(main())


def test_the_bootstrap_is_not_announced(bench) -> None:
    async def main() -> None:
        async with DnsServer(ZONE) as names, SecureDnsServer(names, "dot") as server:
            run = await bench.run(resolver_for(server), "www.example")
        assert [started.name for started in run.told("dns.lookup_started")] == ["www.example"]
        assert len(run.told("dns.lookup_finished")) == 1
        assert run.told("dns.hosts_hit") == []

    asyncio.run(main())


@pytest.mark.parametrize(("kind", "http"), KINDS)
def test_a_slow_answer_holds_up_no_other(bench, kind: str, http: str) -> None:
    async def main() -> None:
        async with DnsServer(ZONE) as names, SecureDnsServer(names, kind, http=http) as server:
            names.behave(type_="HTTPS", silent=True)
            run = await bench.run(resolver_for(server), "www.example")
        assert run.error is None
        assert run.addresses(4) == ("192.0.2.1",)
        assert run.addresses(6) == ("2001:db8::1",)
        assert run.https is None

    asyncio.run(main())


@pytest.mark.parametrize(("kind", "http"), KINDS)
@pytest.mark.parametrize("rcode", ["SERVFAIL", "REFUSED"])
def test_rcodes(bench, kind: str, http: str, rcode: str) -> None:
    async def main() -> None:
        async with DnsServer(ZONE) as names, SecureDnsServer(names, kind, http=http) as server:
            names.behave(rcode=rcode)
            run = await bench.run(resolver_for(server), "www.example")
        assert run.error_id == f"dns.{rcode.lower()}"

    asyncio.run(main())


@pytest.mark.parametrize("http", ["2", "1.1"])
@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ({"status": 404}, "HTTP status 404"),
        ({"media_type": "text/html"}, "'text/html'"),
        ({"extra": bytes(70_000)}, "longer than any DNS message"),
    ],
)
def test_doh_answers_that_are_none(bench, http: str, fault: dict, says: str) -> None:
    async def main() -> None:
        async with (
            DnsServer(ZONE) as names,
            SecureDnsServer(names, "doh", http=http, **fault) as server,
        ):
            run = await bench.run(resolver_for(server, attempts=1), "www.example")
        assert run.error_id == "dns.failed"
        assert says in str(run.error)

    asyncio.run(main())


def test_a_large_doh_answer(bench) -> None:
    async def main() -> None:
        async with DnsServer(ZONE) as names, SecureDnsServer(names, "doh") as server:
            names.behave(pad_bytes=60_000)
            run = await bench.run(resolver_for(server), "big.example")
        assert run.addresses(4) == ("192.0.2.1",)

    asyncio.run(main())


@pytest.mark.parametrize(("kind", "http"), KINDS)
def test_a_stream_of_nonsense(bench, kind: str, http: str) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talking.add(asyncio.current_task())
        with contextlib.suppress(OSError):
            writer.write(b"\xff" * 70_000 + b"SSH-2.0-OpenSSH\r\n" * 100)
            await writer.drain()
            await reader.read()
        writer.transport.abort()

    talking: set[asyncio.Task | None] = set()

    async def main() -> None:
        server = await asyncio.start_server(talk, "127.0.0.1", 0)
        async with DnsServer() as names:
            fake = SecureDnsServer(names, kind, http=http)
            fake.port = server.sockets[0].getsockname()[1]
            resolver = resolver_for(fake, attempts=1, timeout_s=2)
            run = await bench.run(resolver, "www.example")
        server.close()
        await asyncio.gather(*filter(None, talking))
        await asyncio.sleep(0)
        assert run.error_id in {"dns.failed", "dns.malformed", "dns.silent"}

    asyncio.run(main())


def test_a_server_that_closes_after_each_answer(bench) -> None:
    async def main() -> None:
        async with (
            DnsServer(ZONE) as names,
            SecureDnsServer(names, "doh", http="1.1", close_after=1) as server,
        ):
            run = await bench.run(resolver_for(server), "www.example")
        assert run.addresses(6) == ("2001:db8::1",)

    asyncio.run(main())


def test_a_closed_port(bench) -> None:
    async def main() -> None:
        async with DnsServer(ZONE) as names:
            async with SecureDnsServer(names, "dot") as server:
                pass
            run = await bench.run(resolver_for(server), "www.example")
        assert run.error_id == "dns.failed"
        assert "refused" in str(run.error)

    asyncio.run(main())


def test_a_failing_handshake(bench) -> None:
    async def fail(stream: Stream, name: str, offer: tuple[str, ...], scope: Scope) -> Clear:
        stream.abort()
        raise TlsError("tls.cert.wrong_name", f"{name} is not in the certificate")

    async def main() -> None:
        async with DnsServer(ZONE) as names, SecureDnsServer(names, "dot") as server:
            run = await bench.run(StubResolver(settings_for(server), fail), "www.example")
        assert run.error_id == "dns.failed"
        assert "not in the certificate" in str(run.error)

    asyncio.run(main())


def test_a_host_without_address(bench) -> None:
    async def main() -> None:
        async with DnsServer(ZONE) as names:
            settings = make_settings(dot=("gone.example", 853))
            bootstrap = replace(
                settings.bootstrap, servers=make_settings(servers=(names.address,)).servers
            )
            resolver = StubResolver(replace(settings, bootstrap=bootstrap), without_tls(None))
            run = await bench.run(resolver, "www.example")
        assert run.error_id == "dns.failed"
        assert "gone.example does not exist" in str(run.error)

    asyncio.run(main())


@pytest.mark.parametrize(("kind", "http"), KINDS)
def test_cancelling_closes_the_connections(bench, kind: str, http: str) -> None:
    async def main() -> None:
        async with DnsServer(ZONE) as names, SecureDnsServer(names, kind, http=http) as server:
            names.behave(silent=True)
            task = asyncio.create_task(bench.run(resolver_for(server), "www.example"))
            await _until(lambda: len(names.asked) >= 3)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await _until(lambda: all(task.done() for task in server._tasks))

    asyncio.run(main())


async def _until(condition: Callable[[], bool]) -> None:
    while not condition():  # noqa: ASYNC110 - the server is another program in earnest
        await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (
            "https://dns.example/dns-query",
            Endpoint("dns.example", 443, "dns.example", "/dns-query"),
        ),
        ("https://dns.example", Endpoint("dns.example", 443, "dns.example", "/")),
        ("https://d.example:8443/q{?dns}", Endpoint("d.example", 8443, "d.example:8443", "/q")),
        ("https://[::1]:1/q?a=b", Endpoint("::1", 1, "[::1]:1", "/q?a=b")),
        ("https://u:p@dns.example/q", Endpoint("dns.example", 443, "dns.example", "/q")),
    ],
)
def test_doh_urls(url: str, expected: Endpoint) -> None:
    assert parse_endpoint(url) == expected


@pytest.mark.parametrize(
    "url", ["http://dns.example/", "dns.example", "https://", "https://a:b/", "https://[::1/q"]
)
def test_what_is_no_doh_url(url: str) -> None:
    with pytest.raises(UsageError):
        parse_endpoint(url)
