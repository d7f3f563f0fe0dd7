"""Faults that need a path with a delay: made in the private internet, in a thread of their own."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from diagnosis.real_faults import Bed, fault
from firstbyte.client.options import LimitOptions, TlsOptions, TraceOptions
from firstbyte.client.trace import trace
from firstbyte.journey.model import Journey
from firstbyte.sim import Internet

SITE = "a.test"


def private(make: Callable[[Bed], Journey]) -> Callable[[Bed], Awaitable[Journey]]:
    """A world cannot run inside a running loop: it gets a thread without one."""

    async def run(bed: Bed) -> Journey:
        return await asyncio.to_thread(make, bed)

    return run


def serve(answer: Callable[[asyncio.StreamWriter], Awaitable[None]]) -> Any:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await answer(writer)
        await reader.read()
        writer.close()

    return talk


def traced(net: Internet, url: str, seconds: float = 30) -> Journey:
    # The certificates are of today, the private internet's date is its own.
    tls = TlsOptions(insecure=True)
    options = TraceOptions(tls=tls, limits=LimitOptions(max_time_s=seconds))
    try:
        return net.run(until=net.hosts["client"].run(trace(url, options)))
    finally:
        net.close()


async def at_once(writer: asyncio.StreamWriter) -> None:
    """Head and content in one write: OpenSSL makes records of 16 kB."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 40000\r\n\r\n" + bytes(40000))
    await writer.drain()


@fault("tls.large_record")
@private
def large_record(bed: Bed) -> Journey:
    net = Internet(seed=1)
    client, server = net.host("client"), net.host(SITE)
    net.link(client, server, rtt_s=0.08)
    start = asyncio.start_server(
        serve(at_once), "0.0.0.0", 443, ssl=bed.pki.issue("good").server_context()
    )
    server.run(start)
    return traced(net, f"https://{SITE}/")


@fault("tcp.bufferbloat")
@private
def bufferbloat(_: Bed) -> Journey:
    """Two seconds of data fit the queue of the slowest link."""

    async def much(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + bytes(1_000_000))
        await writer.drain()

    net = Internet(seed=1)
    client, server = net.host("client"), net.host(SITE)
    net.link(client, server, rtt_s=0.04, rate_bps=4e6, queue_bytes=1_000_000)
    server.run(asyncio.start_server(serve(much), "0.0.0.0", 80))
    return traced(net, f"http://{SITE}/")


@fault("tcp.dead_peer")
@private
def dead_peer(_: Bed) -> Journey:
    """The cable is cut once the request is there."""
    net = Internet(seed=1)
    client, server = net.host("client"), net.host(SITE)
    link = net.link(client, server, rtt_s=0.04)

    async def cut(_: asyncio.StreamWriter) -> None:
        await asyncio.sleep(1)
        link.cut()
        await asyncio.sleep(100)

    server.run(asyncio.start_server(serve(cut), "0.0.0.0", 80))
    return traced(net, f"http://{SITE}/")
