"""CONNECT through a proxy on loopback."""

import asyncio
import time

import pytest

from firstbyte.client.exchange import exchange
from firstbyte.client.proxies import Proxy
from firstbyte.client.tunnel import open_tunnel
from firstbyte.errors import ProxyError
from firstbyte.events import Recorder
from firstbyte.net.tcp import connect_tcp, open_socket
from firstbyte.protocols.http.http1 import Http1Machine
from firstbyte.protocols.http.messages import Request
from testbed import http_servers as servers


def tunnel(script: servers.Script, *, ask: bool = False):
    """Open a tunnel through ``script`` to a web server; the outcome and the events."""
    scope = Recorder(time.monotonic_ns, "kernel").scope()

    async def go() -> object:
        async with (
            servers.serve(servers.respond(b"far")) as far,
            servers.serve(script) as port,
        ):
            stream = await connect_tcp(open_socket("127.0.0.1"), ("127.0.0.1", port), scope)
            proxy = Proxy("http", "127.0.0.1", port, "u", "p")
            try:
                await open_tunnel(stream, proxy, f"127.0.0.1:{far}", scope)
                if not ask:
                    return None
                return await exchange(
                    stream, Http1Machine(), Request("GET", "http", "h", "/"), scope
                )
            except ProxyError as error:
                return error
            finally:
                stream.abort()

    outcome = asyncio.run(go())
    return outcome, [event.what for event in scope.recorder.events if event.layer == "http"]


def test_a_tunnel_carries_an_exchange():
    response, events = tunnel(servers.tunnelling(), ask=True)
    assert response.body_bytes == 3
    assert events[0].authority.startswith("127.0.0.1:")
    assert "u:p" not in events[0].proxy
    assert events[1].status == 200


def test_what_the_proxy_is_told():
    heads: list[bytes] = []

    async def script(reader, writer) -> None:
        heads.append(await servers.read_head(reader))
        writer.write(b"HTTP/1.0 200 OK\r\n\r\n")
        await writer.drain()

    tunnel(script)
    (head,) = heads
    assert head.startswith(b"CONNECT 127.0.0.1:")
    assert b"\r\nProxy-Authorization: Basic dTpw\r\n" in head
    assert b"\r\nHost: 127.0.0.1:" in head


@pytest.mark.parametrize(
    ("script", "id_", "words"),
    [
        (servers.tunnelling("403 Forbidden"), "proxy.denied", "403 Forbidden"),
        (servers.tunnelling("407 Proxy Authentication Required"), "proxy.denied", "407"),
        (servers.answer(b"HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n"), "proxy.denied", "302"),
        (servers.empty, "proxy.malformed", "closed"),
        (servers.resetting(), "proxy.malformed", "dropped"),
        (servers.answer(b"\x00garbage"), "proxy.malformed", "not HTTP"),
        (servers.answer(b"HTTP/1.1 200 OK\r\n\r\nearly"), "proxy.malformed", "before"),
        (servers.endless(b"HTTP/1.1 200 OK\r\n", b"A: b\r\n" * 100), "proxy.malformed", "exceeds"),
    ],
)
def test_refusals(script: servers.Script, id_: str, words: str):
    error, _ = tunnel(script)
    assert isinstance(error, ProxyError)
    assert error.id == id_
    assert words in error.message
