"""The driver against real sockets: what is told, counted and refused."""

import asyncio
import gzip
import time
from contextlib import asynccontextmanager

import pytest

from firstbyte.client.exchange import ExchangeLimits, Response, exchange
from firstbyte.errors import ConnectionLifeError
from firstbyte.events import Recorder, Scope
from firstbyte.net.tcp import TcpStream, connect_tcp, open_socket
from firstbyte.protocols.http.http1 import Http1Machine
from firstbyte.protocols.http.messages import Request
from testbed import http_servers as servers

GET = Request("GET", "http", "h", "/")


def new_scope() -> Scope:
    return Recorder(time.monotonic_ns, "kernel").scope()


@asynccontextmanager
async def connected(port: int, scope: Scope):
    stream: TcpStream = await connect_tcp(open_socket("127.0.0.1"), ("127.0.0.1", port), scope)
    try:
        yield stream
    finally:
        stream.abort()


def run(script: servers.Script, request: Request = GET, limits=None, sink=None):
    """The response or the error, and the events."""
    scope = new_scope()

    async def go() -> Response | ConnectionLifeError:
        async with servers.serve(script) as port, connected(port, scope) as stream:
            machine = Http1Machine(max_header_bytes=16_384)
            try:
                async with asyncio.timeout(20):
                    return await exchange(stream, machine, request, scope, limits, sink)
            except ConnectionLifeError as error:
                return error

    outcome = asyncio.run(go())
    return outcome, [event for event in scope.recorder.events if event.layer == "http"]


def types(events) -> list[str]:
    return [event.type.removeprefix("http.") for event in events]


def test_a_plain_exchange_is_told_in_order():
    response, events = run(servers.respond(b"hello", headers=[("X-A", "1")]))
    assert types(events) == [
        "request_started",
        "request_sent",
        "first_byte",
        "response_started",
        "body",
        "response_finished",
    ]
    assert (response.status, response.body_bytes, response.reusable) == (200, 5, True)
    assert response.header("x-a") == "1"
    assert [event.direction for event in events] == ["sent"] * 2 + ["received"] * 4


def test_two_requests_share_a_connection():
    scope = new_scope()

    async def go() -> tuple[Response, Response]:
        async with servers.serve(servers.respond()) as port, connected(port, scope) as stream:
            machine = Http1Machine()
            first = await exchange(stream, machine, GET, scope)
            assert first.reusable
            return first, await exchange(stream, machine, GET, scope)

    first, second = asyncio.run(go())
    assert first.body_bytes == second.body_bytes == 5


def test_interim_and_trailers_are_told():
    response, events = run(
        servers.answer(
            b"HTTP/1.1 103 Early Hints\r\nLink: </s>\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: T\r\n\r\n"
            b"2\r\nhi\r\n0\r\nT: v\r\n\r\n",
            delay_s=0.01,
        )
    )
    assert types(events)[2:] == [
        "first_byte",
        "informational",
        "response_started",
        "body",
        "trailers",
        "response_finished",
    ]
    assert response.trailers == (("T", "v"),)


def test_compressed_content_is_counted_both_ways_and_handed_on():
    text = b"words " * 10_000
    packed = gzip.compress(text)
    got: list[bytes] = []
    response, _ = run(
        servers.respond(packed, headers=[("Content-Encoding", "gzip")]), sink=got.append
    )
    assert (response.body_bytes, response.decoded_bytes) == (len(packed), len(text))
    assert response.encoding == "gzip"
    assert b"".join(got) == text


def test_coding_is_left_alone_when_it_was_not_asked_for():
    packed = gzip.compress(b"text")
    got: list[bytes] = []
    run(
        servers.respond(packed, headers=[("Content-Encoding", "gzip")]),
        limits=ExchangeLimits(decode=False),
        sink=got.append,
    )
    assert b"".join(got) == packed


def test_a_bomb_is_not_followed():
    bomb = gzip.compress(gzip.compress(bytes(300_000_000), 1), 9)
    response, _ = run(servers.respond(bomb, headers=[("Content-Encoding", "gzip, gzip")]))
    assert response.body_bytes == len(bomb)
    assert response.decoded_bytes is None


def test_a_bomb_is_not_written():
    bomb = gzip.compress(gzip.compress(bytes(300_000_000), 1), 9)
    written = 0

    def sink(piece: bytes) -> None:
        nonlocal written
        written += len(piece)

    error, _ = run(servers.respond(bomb, headers=[("Content-Encoding", "gzip, gzip")]), sink=sink)
    assert error.id == "http.bad_encoding"
    assert written <= 64 << 20


HEAD = b"HTTP/1.1 200 OK\r\n"
FAULTS = {
    "empty": (servers.empty, "http.empty_reply", "wait"),
    "garbage": (servers.answer(b"\x00\x01\x02\x03\x04\x05"), "http.http09", "wait"),
    "0.9": (servers.answer(b"<html>old</html>"), "http.http09", "wait"),
    "endless headers": (servers.endless(HEAD, b"X: y\r\n" * 500), "http.header_too_large", "wait"),
    "endless header line": (servers.endless(HEAD, b"X" * 4000), "http.header_too_large", "wait"),
    "short": (servers.answer(HEAD + b"Content-Length: 9\r\n\r\nabc"), "http.short_body", "receive"),
    "reset at once": (servers.resetting(), "http.reset", "wait"),
    "reset in the body": (
        servers.resetting(HEAD + b"Content-Length: 9\r\n\r\nabc"),
        "http.reset",
        "receive",
    ),
    "bad gzip": (
        servers.respond(b"no gzip", headers=[("Content-Encoding", "gzip")]),
        "http.bad_encoding",
        "receive",
    ),
    "unknown coding": (
        servers.respond(b"zzz", headers=[("Content-Encoding", "sdch")]),
        "http.bad_encoding",
        "receive",
    ),
    "cut gzip": (
        servers.respond(gzip.compress(b"abc")[:-3], headers=[("Content-Encoding", "gzip")]),
        "http.bad_encoding",
        "receive",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_faults(name: str):
    script, expected, phase = FAULTS[name]
    error, events = run(script)
    assert isinstance(error, ConnectionLifeError)
    assert (error.id, error.phase) == (expected, phase)
    assert "response_finished" not in types(events)


def test_max_bytes_stops_an_endless_body():
    response, events = run(
        servers.endless(HEAD + b"\r\n", bytes(10_000)), limits=ExchangeLimits(max_bytes=25_000)
    )
    assert response.truncated
    assert response.body_bytes == 25_000
    assert not response.reusable
    assert events[-1].what.truncated


def test_one_byte_a_time_is_read_and_told_in_few_events():
    data = HEAD + b"Content-Length: 20\r\n\r\n" + bytes(20)
    response, events = run(servers.dripping(data, 0.001))
    assert response.body_bytes == 20
    assert types(events)[2] == "first_byte"


def test_a_large_body_makes_few_events():
    response, events = run(servers.respond(bytes(20_000_000)))
    assert response.body_bytes == 20_000_000
    assert len(events) < 1000


def test_an_answer_before_the_body_is_sent_is_read():
    async def refuse(reader, writer) -> None:
        await servers.read_head(reader)
        writer.write(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        await asyncio.sleep(5)

    body = bytes(30_000_000)
    post = Request("POST", "http", "h", "/", (("Content-Length", str(len(body))),), body)
    response, events = run(refuse, post)
    assert response.status == 413
    assert not response.reusable
    assert "request_sent" not in types(events)


def test_a_body_that_the_server_drops_is_a_send_failure():
    body = bytes(30_000_000)
    post = Request("POST", "http", "h", "/", (("Content-Length", str(len(body))),), body)
    error, _ = run(servers.resetting(), post)
    assert error.id == "http.send_failed"


def test_a_sink_that_fails_ends_the_exchange():
    def full(_: bytes) -> None:
        raise OSError(28, "No space left on device")

    error, _ = run(servers.respond(), sink=full)
    assert error.id == "write.failed"


def test_cancelling_keeps_what_was_seen():
    scope = new_scope()

    async def go() -> None:
        script = servers.paced(HEAD + b"Content-Length: 10\r\n\r\nabc", b"", 1, 30)
        async with servers.serve(script) as port, connected(port, scope) as stream:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.1):
                    await exchange(stream, Http1Machine(), GET, scope)
            assert len(asyncio.all_tasks()) <= 2

    asyncio.run(go())
    counts = [event.what.count for event in scope.recorder.events if event.type == "http.body"]
    assert counts == [3]


@pytest.mark.parametrize(("max_bytes", "truncated"), [(4, True), (5, False), (6, False)])
def test_a_body_of_exactly_max_bytes_is_whole(max_bytes: int, truncated: bool):
    response, _ = run(servers.respond(b"hello"), limits=ExchangeLimits(max_bytes=max_bytes))
    assert response.truncated is truncated
    assert response.body_bytes == min(max_bytes, 5)
