"""websockets, client and server, unchanged."""

import asyncio

import pytest
import websockets
import websockets.sync.client


async def echo(ws):
    async for message in ws:
        await ws.send(message[::-1])


async def serve(**options):
    await websockets.serve(echo, "0.0.0.0", 8765, **options)


def test_messages_and_close(pair):
    async def talk():
        async with websockets.connect("ws://server.example:8765") as ws:
            await ws.send("hello")
            assert await ws.recv() == "olleh"
            await ws.send(bytes(range(256)) * 1000)
            assert await ws.recv() == (bytes(range(256)) * 1000)[::-1]
        return ws.close_code

    pair.server.run(serve())
    assert pair.run(talk()) == 1000


def test_over_tls_by_asyncio_and_by_threads(pair, server_tls):
    url = "wss://server.example:8765"

    async def talk():
        async with websockets.connect(url) as ws:
            await ws.send("hello")
            return await ws.recv(), round(asyncio.get_running_loop().time(), 6)

    def talk_blocking():
        with websockets.sync.client.connect(url) as ws:
            ws.send("hello")
            return ws.recv()

    pair.server.run(serve(ssl=server_tls))
    assert pair.run(talk()) == ("olleh", 0.32)  # TCP, TLS 1.3, the upgrade, the message
    assert pair.run(asyncio.to_thread(talk_blocking)) == "olleh"


def test_a_silent_partition_is_noticed_by_the_heartbeat(pair):
    async def wait():
        async with websockets.connect(
            "ws://server.example:8765", ping_interval=20, ping_timeout=20
        ) as ws:
            await ws.send("hello")
            await ws.recv()
            pair.server.partition()
            with pytest.raises(websockets.ConnectionClosedError):
                await ws.recv()
            return asyncio.get_running_loop().time()

    pair.server.run(serve(ping_interval=None))
    assert 40 <= pair.run(wait()) < 60
