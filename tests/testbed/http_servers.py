"""HTTP servers on loopback that do exactly what a script says, also what no server should.

``async with serve(script) as port:`` runs ``script(reader, writer)`` for each connection.
"""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from ssl import SSLContext

Script = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def serve(
    script: Script, *, host: str = "127.0.0.1", tls: SSLContext | None = None
) -> AsyncIterator[int]:
    """A server on an ephemeral port; every connection is closed when its script returns."""
    tasks: set[asyncio.Task[None]] = set()

    async def run(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                await script(reader, writer)
            with suppress(ConnectionError):
                writer.close()
                await writer.wait_closed()
        finally:
            writer.transport.abort()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(run(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(connected, host, 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)  # lets asyncio close the aborted sockets


async def read_head(reader: asyncio.StreamReader) -> bytes:
    """The request's head with its empty line; empty at the end of the connection."""
    try:
        return await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as error:
        return error.partial


def answer(*parts: bytes, delay_s: float = 0.0) -> Script:
    """Read a head, then send ``parts`` with ``delay_s`` before each, and close."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_head(reader)
        for part in parts:
            if delay_s:
                await asyncio.sleep(delay_s)
            writer.write(part)
            await writer.drain()

    return script


def respond(
    body: bytes = b"hello",
    status: str = "200 OK",
    headers: Sequence[tuple[str, str]] = (),
    think_s: float = 0.0,
) -> Script:
    """A proper keep-alive server: the same response to every request on the connection."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers]
    head = "\r\n".join([*lines, "", ""]).encode("latin-1")

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while request := await read_head(reader):
            await reader.readexactly(content_length(request))
            if think_s:
                await asyncio.sleep(think_s)
            writer.write(head if request.startswith(b"HEAD ") else head + body)
            await writer.drain()

    return script


def content_length(head: bytes) -> int:
    """Content-Length of a request's head; 0 without one."""
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


def endless(start: bytes, piece: bytes) -> Script:
    """Send ``start``, then ``piece`` for ever: endless headers, an endless body."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_head(reader)
        writer.write(start)
        while True:
            writer.write(piece)
            await writer.drain()

    return script


def dripping(data: bytes, interval_s: float) -> Script:
    """Send ``data`` one byte at a time."""
    return answer(*(bytes([byte]) for byte in data), delay_s=interval_s)


def paced(head: bytes, piece: bytes, pieces: int, interval_s: float) -> Script:
    """Send ``head`` at once and ``pieces`` times ``piece``, one each ``interval_s``."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_head(reader)
        writer.write(head)
        for _ in range(pieces):
            await asyncio.sleep(interval_s)
            writer.write(piece)
            await writer.drain()

    return script


def resetting(*parts: bytes) -> Script:
    """Read a head, send ``parts``, then RST."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await answer(*parts)(reader, writer)
        if parts:
            await asyncio.sleep(0.02)  # the parts must be read before the RST discards them
        sock = writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    return script


def redirecting(routes: dict[str, tuple[int, str, Sequence[tuple[str, str]]]]) -> Script:
    """Per path a status, a Location and more headers; other paths answer 200 with the head asked.

    A Location may contain ``{port}``.
    """

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        port = writer.get_extra_info("sockname")[1]
        while head := await read_head(reader):
            body = await reader.readexactly(content_length(head))
            path = head.split(b" ", 2)[1].decode("latin-1")
            if path in routes:
                status, location, headers = routes[path]
                lines = [f"HTTP/1.1 {status} Moved", f"Location: {location.format(port=port)}"]
                lines += [f"{name}: {value}" for name, value in headers]
                writer.write("\r\n".join([*lines, "Content-Length: 0", "", ""]).encode("latin-1"))
            else:
                echo = head + body
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(echo) + echo)
            await writer.drain()

    return script


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Read the request and answer nothing, without closing."""
    await read_head(reader)
    await asyncio.Event().wait()


async def empty(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Read the request and close."""
    await read_head(reader)


def tunnelling(status: str = "200 Connection established") -> Script:
    """A CONNECT proxy: answers ``status`` and, when that is 2xx, relays to the authority asked."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await read_head(reader)
        writer.write(f"HTTP/1.1 {status}\r\n\r\n".encode())
        await writer.drain()
        if not status.startswith("2"):
            return
        host, _, port = head.split(b" ", 2)[1].decode().rpartition(":")
        far_reader, far_writer = await asyncio.open_connection(host.strip("[]"), int(port))
        try:
            await asyncio.gather(_relay(reader, far_writer), _relay(far_reader, writer))
        finally:
            far_writer.close()

    return script


async def _relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        writer.write_eof()
