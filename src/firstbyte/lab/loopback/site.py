"""The site as a whole: DNS, HTTP that redirects, HTTPS that answers."""

import asyncio
import contextlib
import datetime
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from firstbyte.lab.loopback.certificates import Identity, make_identity
from firstbyte.lab.loopback.delays import delay
from firstbyte.lab.loopback.names import NameServer
from firstbyte.lab.loopback.pages import make_page, redirect_http1, serve_http1, serve_http2
from firstbyte.lab.loopback.truth import HOST, PLAIN_HOST, Truth

ADDRESS = "127.0.0.1"
Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Site:
    """A running site: where to ask, and whom to trust."""

    url: str
    redirecting_url: str
    dns_port: int
    ca_file: Path


@asynccontextmanager
async def running_site(truth: Truth = Truth()) -> AsyncIterator[Site]:  # noqa: B008
    """Start the site on free ports; it ends with the block."""
    now = datetime.datetime.now(datetime.UTC)
    identity = make_identity((HOST, PLAIN_HOST), now, truth.valid_days)
    with TemporaryDirectory(prefix="firstbyte-") as folder:
        context = _server_context(identity, Path(folder))
        async with (
            _name_server(truth) as dns_port,
            _listener(_secure(truth), context, truth.accept_s) as https_port,
        ):
            url = f"https://{HOST}:{https_port}/"
            async with _listener(_redirecting(url), None, 0.0) as http_port:
                plain = f"http://{PLAIN_HOST}:{http_port}/"
                yield Site(url, plain, dns_port, Path(folder) / "root.pem")


def _server_context(identity: Identity, folder: Path) -> ssl.SSLContext:
    (folder / "root.pem").write_bytes(identity.root)
    (folder / "site.pem").write_bytes(identity.key + identity.chain)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "site.pem")
    context.set_alpn_protocols(["h2", "http/1.1"])
    return context


@asynccontextmanager
async def _name_server(truth: Truth) -> AsyncIterator[int]:
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(
        lambda: NameServer((HOST, PLAIN_HOST), ADDRESS, truth.dns_s), local_addr=(ADDRESS, 0)
    )
    try:
        yield transport.get_extra_info("sockname")[1]
    finally:
        transport.close()


@asynccontextmanager
async def _listener(
    serve: Serve, context: ssl.SSLContext | None, accept_s: float
) -> AsyncIterator[int]:
    """Accept connections; each waits ``accept_s`` before its first byte is read."""
    listening = socket.create_server((ADDRESS, 0), backlog=128)
    listening.setblocking(False)
    accepting = asyncio.create_task(_accept(listening, serve, context, accept_s))
    try:
        yield listening.getsockname()[1]
    finally:
        accepting.cancel()
        await asyncio.gather(accepting, return_exceptions=True)
        listening.close()


async def _accept(
    listening: socket.socket, serve: Serve, context: ssl.SSLContext | None, accept_s: float
) -> None:
    loop = asyncio.get_running_loop()
    async with asyncio.TaskGroup() as connections:
        while True:
            accepted, _ = await loop.sock_accept(listening)
            accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connections.create_task(_connection(accepted, serve, context, accept_s))


async def _connection(
    accepted: socket.socket, serve: Serve, context: ssl.SSLContext | None, accept_s: float
) -> None:
    """One connection, to its end; a client that breaks it off harms nobody else."""
    await delay(accept_s)
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(reader)
    try:
        transport, _ = await loop.connect_accepted_socket(lambda: protocol, accepted, ssl=context)
    except (OSError, ssl.SSLError):
        accepted.close()
        return
    writer = asyncio.StreamWriter(transport, protocol, reader, loop)
    with contextlib.suppress(OSError):
        await serve(reader, writer)
    writer.close()


def _secure(truth: Truth) -> Serve:
    page = make_page(truth)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        secured = writer.get_extra_info("ssl_object")
        chosen = serve_http2 if secured.selected_alpn_protocol() == "h2" else serve_http1
        await chosen(reader, writer, page, truth)

    return serve


def _redirecting(target: str) -> Serve:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await redirect_http1(reader, writer, target)

    return serve
