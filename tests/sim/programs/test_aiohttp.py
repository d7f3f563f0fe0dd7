"""aiohttp, client and server, unchanged."""

import asyncio

import aiohttp
import pytest
from aiohttp import web

from firstbyte.sim import Internet


async def hello(request):
    await asyncio.sleep(1.0)
    return web.Response(text="x" * 10_000)


async def socket(request):
    ws = web.WebSocketResponse()
    await ws.prepare(request)
    async for message in ws:
        await ws.send_str(message.data * 2)
    return ws


async def start(port, ssl_context=None):
    app = web.Application()
    app.router.add_get("/", hello)
    app.router.add_get("/ws", socket)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "0.0.0.0", port, ssl_context=ssl_context).start()


async def fetch(base, tls):
    loop = asyncio.get_running_loop()
    connector = aiohttp.TCPConnector(ssl=tls)
    async with aiohttp.ClientSession(connector=connector) as session:
        times = []
        for _ in range(2):
            began = loop.time()
            async with session.get(f"{base}/") as response:
                assert response.status == 200
                times.append(round(loop.time() - began, 6))
                assert len(await response.text()) == 10_000
        async with session.ws_connect(f"{base}/ws") as ws:
            await ws.send_str("ab")
            assert (await ws.receive()).data == "abab"
        return times


def test_http_and_websocket(pair):
    pair.server.run(start(80))
    cold, warm = pair.run(fetch("http://server.example", False))
    assert cold == 0.16 + 1.0
    assert warm == 0.08 + 1.0


def test_https_and_websocket(pair, server_tls, client_tls):
    pair.server.run(start(443, server_tls))
    cold, warm = pair.run(fetch("https://server.example", client_tls))
    assert cold == 0.24 + 1.0
    assert warm == 0.08 + 1.0


def test_what_it_made_when_it_was_loaded_trusts_the_worlds_ca(pair, server_tls):
    before = aiohttp.connector._SSL_CONTEXT_VERIFIED
    pair.server.run(start(443, server_tls))
    cold, _ = pair.run(fetch("https://server.example", True))
    assert cold == 0.24 + 1.0
    assert aiohttp.connector._SSL_CONTEXT_VERIFIED is before


def test_the_same_seed_gives_the_same_frames():
    def frames():
        with Internet(seed=3) as internet:
            client, server = internet.host("client"), internet.host("server.example")
            internet.link(client, server, rtt_s=0.05, loss=0.05)
            server.run(start(80))
            internet.run(until=client.run(fetch("http://server.example", False)))
            return internet.capture(client).pcapng()

    assert frames() == frames()


def test_a_total_timeout_fires_on_time(pair):
    async def impatient():
        loop = asyncio.get_running_loop()
        timeout = aiohttp.ClientTimeout(total=0.5)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            with pytest.raises(asyncio.TimeoutError):
                await session.get("http://server.example/")
        return loop.time()

    pair.server.run(start(80))
    assert pair.run(impatient()) == pytest.approx(0.5, abs=1e-6)


def test_an_unknown_name_and_a_closed_port(pair):
    async def lost():
        async with aiohttp.ClientSession() as session:
            with pytest.raises(aiohttp.ClientConnectorDNSError):
                await session.get("http://nowhere.example/")
            with pytest.raises(aiohttp.ClientConnectorError) as caught:
                await session.get("http://server.example:81/")
            assert isinstance(caught.value.os_error, ConnectionRefusedError)

    pair.run(lost())
