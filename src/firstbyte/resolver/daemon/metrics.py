"""The counters for Prometheus, over plain HTTP."""

import asyncio
from collections.abc import Callable

REQUEST_S = 5.0
MAX_REQUEST = 8192


async def serve_metrics(address: tuple[str, int], text: Callable[[], str]) -> asyncio.Server:
    """Answer every ``GET /metrics`` with ``text()``."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(REQUEST_S):
                head = await reader.readuntil(b"\r\n\r\n")
            writer.write(_answer(head, text))
            await writer.drain()
        except (TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, OSError):
            pass
        finally:
            writer.close()

    return await asyncio.start_server(handle, *address, limit=MAX_REQUEST)


def _answer(head: bytes, text: Callable[[], str]) -> bytes:
    line = head.partition(b"\r\n")[0].split()
    found = len(line) == 3 and line[0] in (b"GET", b"HEAD") and line[1] == b"/metrics"
    status = b"200 OK" if found else b"404 Not Found"
    body = text().encode() if found else b""
    fields = b"Content-Type: text/plain; version=0.0.4\r\nConnection: close\r\n"
    length = b"Content-Length: " + str(len(body)).encode() + b"\r\n\r\n"
    shown = body if line[:1] != [b"HEAD"] else b""
    return b"HTTP/1.1 " + status + b"\r\n" + fields + length + shown
