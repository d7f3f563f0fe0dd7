"""HTTP/3 against aioquic's server on loopback: what is told, agreed, refused."""

import asyncio
import gzip
import time

import pytest

from firstbyte.client.exchange import ExchangeLimits, Response
from firstbyte.client.options import TlsOptions
from firstbyte.client.quic import QuicConnection, connect_quic
from firstbyte.errors import ConnectionLifeError
from firstbyte.events import Recorder, Scope
from firstbyte.net.system import KernelSystem
from firstbyte.net.tls import make_settings
from firstbyte.protocols.http.messages import Request
from testbed.h3_server import Exchange, Script, hello, serve_h3
from testbed.pki import KINDS, Pki

GET = Request("GET", "https", "localhost", "/x?y", (("Accept", "*/*"), ("Connection", "close")))


@pytest.fixture(scope="module")
def pki(tmp_path_factory) -> Pki:
    return Pki(tmp_path_factory.mktemp("pki"))


class Client:
    """A client that trusts the test's CA, and what it recorded."""

    def __init__(self, pki: Pki, **options: object) -> None:
        chosen = TlsOptions(ca_file=str(pki.root_file), **options)  # type: ignore[arg-type]
        self.settings = make_settings(chosen, KernelSystem())
        self.scope: Scope = Recorder(time.monotonic_ns, "kernel").scope().on_connection("quic")

    async def connect(self, port: int, name: str = "localhost") -> QuicConnection:
        async with asyncio.timeout(20):
            return await connect_quic("127.0.0.1", port, name, self.settings, self.scope)

    def events(self, layer: str):
        return [event for event in self.scope.recorder.events if event.layer == layer]

    def types(self, layer: str) -> list[str]:
        return [event.type.partition(".")[2] for event in self.events(layer)]


def fetch(client: Client, chain, script: Script, request: Request = GET, **server):
    """The response or the error of one exchange."""
    limits = server.pop("limits", None)

    async def go() -> Response | ConnectionLifeError:
        async with serve_h3(chain, script, **server) as port:
            try:
                connection = await client.connect(port)
            except ConnectionLifeError as error:
                return error
            try:
                async with asyncio.timeout(20):
                    return await connection.exchange(request, client.scope, limits)
            except ConnectionLifeError as error:
                return error
            finally:
                await connection.close()

    return asyncio.run(go())


def test_a_whole_exchange_is_told(pki: Pki):
    client = Client(pki)
    response = fetch(client, pki.issue("good"), hello)
    assert (response.version, response.status, response.body_bytes) == ("3", 200, 5)
    assert client.types("http") == [
        "request_started",
        "request_sent",
        "first_byte",
        "response_started",
        "body",
        "response_finished",
    ]
    quic = client.types("quic")
    assert quic[0] == "started"
    assert "connected" in quic
    assert "closed" in quic
    assert client.types("tls")[0] == "started"
    assert client.types("tls")[-1] in ("finished", "message")


def test_the_handshake_is_told_message_by_message(pki: Pki):
    client = Client(pki)
    fetch(client, pki.issue("good"), hello)
    messages = [event for event in client.events("tls") if event.type == "tls.message"]
    told = [(event.direction, event.what.name, event.what.encrypted) for event in messages]
    assert told[:7] == [
        ("sent", "client_hello", False),
        ("received", "server_hello", False),
        ("received", "encrypted_extensions", True),
        ("received", "certificate", True),
        ("received", "certificate_verify", True),
        ("received", "finished", True),
        ("sent", "finished", True),
    ]
    finished = next(event.what for event in client.events("tls") if event.type == "tls.finished")
    assert finished.version == "TLSv1.3"
    assert finished.cipher.startswith("TLS_")
    assert finished.group == "x25519"
    assert finished.signature_algorithm
    assert finished.alpn == "h3"


def test_packets_have_spaces_numbers_and_frames(pki: Pki):
    client = Client(pki)
    fetch(client, pki.issue("good"), hello)
    packets = [event for event in client.events("quic") if event.type == "quic.packet"]
    first = packets[0]
    assert (first.direction, first.what.space, first.what.number) == ("sent", "initial", 0)
    assert first.what.frames[0] == "crypto"
    spaces = {(event.direction, event.what.space) for event in packets}
    assert {("received", "handshake"), ("received", "1rtt"), ("sent", "1rtt")} <= spaces
    assert any("stream" in event.what.frames for event in packets)


def test_rtt_is_sampled(pki: Pki):
    client = Client(pki)
    fetch(client, pki.issue("good"), hello)
    samples = {
        event.what.moment: event.what for event in client.events("quic") if event.type == "quic.rtt"
    }
    assert {"connected", "first_byte", "end"} == set(samples)
    assert 0 < samples["end"].rtt_us < 5_000_000
    assert samples["end"].cwnd_bytes > 0


def test_the_request_as_the_server_sees_it(pki: Pki):
    seen: list[Exchange] = []

    async def script(exchange: Exchange) -> None:
        await exchange.complete.wait()
        seen.append(exchange)
        await hello(exchange)

    body = bytes(200_000)
    post = Request("POST", "https", "localhost", "/p", (("Content-Length", "200000"),), body)
    client = Client(pki)
    response = fetch(client, pki.issue("good"), script, post)
    assert response.status == 200
    (exchange,) = seen
    assert exchange.body == body
    assert exchange.headers == {
        ":method": "POST",
        ":scheme": "https",
        ":path": "/p",
        ":authority": "localhost",
        "content-length": "200000",
    }
    sent = next(event.what for event in client.events("http") if event.type == "http.request_sent")
    assert sent.body_bytes == 200_000
    assert 10 < sent.head_bytes < 200


def test_interim_trailers_and_coding(pki: Pki):
    async def script(exchange: Exchange) -> None:
        exchange.head(103, ("link", "</a>"))
        exchange.head(200, ("content-encoding", "gzip"))
        exchange.data(gzip.compress(b"x" * 1000))
        exchange.fields([("t", "v")], end=True)

    client = Client(pki)
    response = fetch(client, pki.issue("good"), script)
    assert response.decoded_bytes == 1000
    assert response.trailers == (("t", "v"),)
    assert "informational" in client.types("http")


def test_requests_share_a_connection(pki: Pki):
    client = Client(pki)

    async def go() -> list[Response]:
        async with serve_h3(pki.issue("good")) as port:
            connection = await client.connect(port)
            first = await connection.exchange(GET, client.scope)
            assert first.reusable
            assert connection.can_reuse
            second = await connection.exchange(GET, client.scope.on_hop(1))
            await connection.close()
            assert not connection.can_reuse
            return [first, second]

    assert [response.body_bytes for response in asyncio.run(go())] == [5, 5]


def test_a_large_body_and_max_bytes(pki: Pki):
    async def script(exchange: Exchange) -> None:
        exchange.head(200)
        exchange.data(bytes(3_000_000), end=True)

    client = Client(pki)
    assert fetch(client, pki.issue("good"), script).body_bytes == 3_000_000
    assert len(client.scope.recorder.events) < 3000
    response = fetch(
        Client(pki), pki.issue("good"), script, limits=ExchangeLimits(max_bytes=50_000)
    )
    assert response.truncated
    assert response.body_bytes == 50_000


def test_a_retry_is_followed(pki: Pki):
    client = Client(pki)
    assert fetch(client, pki.issue("good"), hello, retry=True).status == 200
    connected = next(e.what for e in client.events("quic") if e.type == "quic.connected")
    assert connected.retry
    assert any(e.what.space == "retry" for e in client.events("quic") if e.type == "quic.packet")


def test_version_negotiation(pki: Pki):
    client = Client(pki)
    assert fetch(client, pki.issue("good"), hello, versions=(0x6B3343CF,)).status == 200
    connected = next(e.what for e in client.events("quic") if e.type == "quic.connected")
    assert connected.version == "2"
    client = Client(pki)
    error = fetch(client, pki.issue("good"), hello, versions=(0xFF00001D,))
    assert error.id == "quic.version"
    assert client.types("quic")[-1] == "failed"


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "revoked"])
def test_verdicts_are_those_of_tcp(pki: Pki, kind: str):
    if kind == "weak_key":
        pytest.skip("aioquic's server refuses to sign with it")
    client = Client(pki)
    outcome = fetch(client, pki.issue(kind), hello)
    expected = KINDS[kind]
    if expected is None:
        assert isinstance(outcome, Response)
        return
    assert isinstance(outcome, ConnectionLifeError)
    assert outcome.id == expected
    told = client.types("tls")
    assert "verified" in told
    assert "finished" in told
    assert "request_started" not in client.types("http")


def test_insecure_goes_on(pki: Pki):
    client = Client(pki, insecure=True)
    assert fetch(client, pki.issue("self_signed"), hello).status == 200
    verified = next(e.what for e in client.events("tls") if e.type == "tls.verified")
    assert not verified.ok


def test_no_common_alpn(pki: Pki):
    error = fetch(Client(pki), pki.issue("good"), hello, alpn=("doq",))
    assert error.id == "tls.no_common_alpn"


def test_secrets_are_logged(pki: Pki, tmp_path):
    log = tmp_path / "keys"
    fetch(Client(pki, keylog_file=str(log)), pki.issue("good"), hello)
    labels = [line.split()[0] for line in log.read_text().splitlines()]
    assert "CLIENT_HANDSHAKE_TRAFFIC_SECRET" in labels
    assert "SERVER_TRAFFIC_SECRET_0" in labels


async def reset(exchange: Exchange) -> None:
    exchange.head(200)
    exchange.reset(0x10C)


async def close_app(exchange: Exchange) -> None:
    exchange.close(0x102, "boom")


async def close_quietly(exchange: Exchange) -> None:
    exchange.close(0x100)


async def close_transport(exchange: Exchange) -> None:
    exchange.close(0x1, "oops", 0)


async def short(exchange: Exchange) -> None:
    exchange.head(200, ("content-length", "9"))
    exchange.data(b"abc", end=True)


async def garbage(exchange: Exchange) -> None:
    exchange.raw(b"\x04\x00")


async def truncated(exchange: Exchange) -> None:
    exchange.raw(b"\x01\x40\xff\x00", end=True)


async def endless_header(exchange: Exchange) -> None:
    exchange.raw(b"\x01\x80\xff\xff\xff" + bytes(400_000))


async def large_header(exchange: Exchange) -> None:
    exchange.head(200, *((f"h{i}", "v" * 10_000) for i in range(30)))


async def endless_interim(exchange: Exchange) -> None:
    for _ in range(200):
        exchange.head(103)


async def odd_header(exchange: Exchange) -> None:
    exchange.head(200, ("x", "caf\xe9"), end=True)


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        (reset, "http.stream_reset"),
        (close_app, "http.protocol3"),
        (close_quietly, "quic.closed"),
        (close_transport, "quic.closed"),
        (short, "http.short_body"),
        (garbage, "http.protocol3"),
        (truncated, "http.protocol3"),
        (endless_header, "http.header_too_large"),
        (large_header, "http.header_too_large"),
        (endless_interim, "http.protocol3"),
    ],
)
def test_faults(pki: Pki, script: Script, expected: str):
    error = fetch(Client(pki), pki.issue("good"), script)
    assert isinstance(error, ConnectionLifeError)
    assert error.id == expected


def test_header_values_are_latin1(pki: Pki):
    assert fetch(Client(pki), pki.issue("good"), odd_header).header("x") == "caf\xe9"


def test_a_closed_port_is_refused_by_icmp(pki: Pki):
    client = Client(pki)

    async def go() -> None:
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(
            asyncio.DatagramProtocol, local_addr=("127.0.0.1", 0)
        )
        port = transport.get_extra_info("sockname")[1]
        transport.close()
        await asyncio.sleep(0)
        await client.connect(port)

    with pytest.raises(ConnectionLifeError) as caught:
        asyncio.run(go())
    assert caught.value.id == "quic.refused"
    assert client.types("quic")[-1] == "failed"


def test_silence_is_bounded_by_the_caller_and_told_as_cancelled(pki: Pki):
    client = Client(pki)

    async def go() -> None:
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(
            asyncio.DatagramProtocol, local_addr=("127.0.0.1", 0)
        )
        port = transport.get_extra_info("sockname")[1]
        try:
            async with asyncio.timeout(0.5):
                await client.connect(port)
        finally:
            transport.close()

    with pytest.raises(TimeoutError):
        asyncio.run(go())
    assert client.types("quic")[-1] == "cancelled"
    sent = [e for e in client.events("quic") if e.type == "quic.packet"]
    assert len(sent) > 1


def test_garbage_instead_of_quic_is_ignored(pki: Pki):
    client = Client(pki)

    class Noise(asyncio.DatagramProtocol):
        def connection_made(self, transport) -> None:
            self.transport = transport

        def datagram_received(self, data, addr) -> None:
            for noise in (b"", b"\x00", b"\xff" * 50, bytes(1200), data):
                self.transport.sendto(noise, addr)

    async def go() -> None:
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(Noise, local_addr=("127.0.0.1", 0))
        port = transport.get_extra_info("sockname")[1]
        try:
            async with asyncio.timeout(0.4):
                await client.connect(port)
        finally:
            transport.close()

    with pytest.raises(TimeoutError):
        asyncio.run(go())
