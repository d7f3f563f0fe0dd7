"""httpx against hypercorn and uvicorn, all unchanged; HTTP/1.1 and HTTP/2."""

import asyncio

import httpx
import hypercorn.asyncio
import hypercorn.config
import pytest
import uvicorn

BODY = b"y" * 50_000


async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        await lifespan(receive, send)
        return
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": BODY})


async def lifespan(receive, send):
    while True:
        message = await receive()
        await send({"type": message["type"] + ".complete"})
        if message["type"].endswith("shutdown"):
            return


def hypercorn_server(files, stop):
    config = hypercorn.config.Config()
    config.bind = ["0.0.0.0:443"]
    config.certfile, config.keyfile = str(files.chain), str(files.key)
    config.accesslog = None
    return hypercorn.asyncio.serve(app, config, shutdown_trigger=stop)


async def fetch(base, tls, **options):
    loop = asyncio.get_running_loop()
    times, versions = [], set()
    async with httpx.AsyncClient(verify=tls, timeout=30, **options) as client:
        for _ in range(2):
            began = loop.time()
            async with client.stream("GET", f"{base}/") as response:
                times.append(round(loop.time() - began, 6))
                assert response.status_code == 200
                assert await response.aread() == BODY
            versions.add(response.http_version)
    return times, versions


@pytest.mark.parametrize(("http2", "version"), [(False, "HTTP/1.1"), (True, "HTTP/2")])
def test_hypercorn_over_tls(pair, client_tls, pem_files, http2, version):
    async def forever():
        await asyncio.Event().wait()

    pair.server.run(hypercorn_server(pem_files, forever))
    times, versions = pair.run(fetch("https://server.example", client_tls, http2=http2))
    assert versions == {version}
    assert times == [0.24, 0.08]


def test_uvicorn(pair):
    config = uvicorn.Config(app, host="0.0.0.0", port=80, log_level="warning")
    server = uvicorn.Server(config)
    serving = pair.server.run(server.serve())

    async def visit_and_stop():
        await asyncio.sleep(1)
        found = await fetch("http://server.example", True)
        server.should_exit = True
        return found

    times, versions = pair.run(visit_and_stop())
    pair.internet.run(until=serving, limit_s=60)
    assert versions == {"HTTP/1.1"}
    assert times == [0.16, 0.08]


def test_the_worlds_ca_is_trusted_by_default(pair, pem_files):
    async def forever():
        await asyncio.Event().wait()

    pair.server.run(hypercorn_server(pem_files, forever))
    assert pair.run(fetch("https://server.example", True))[1] == {"HTTP/1.1"}


def test_a_pooled_connection_that_the_server_closed_is_not_used(pair):
    """httpcore polls the descriptor of an idle connection, which must show the end."""

    async def once(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        await writer.drain()
        await asyncio.sleep(0.5)
        writer.close()

    async def twice():
        async with httpx.AsyncClient() as client:
            for _ in range(2):
                assert (await client.get("http://server.example/")).text == "ok"
                await asyncio.sleep(2)

    pair.server.run(asyncio.start_server(once, "0.0.0.0", 80))
    pair.run(twice())
