"""The site's answers, in parts with pauses, over HTTP/1.1 and HTTP/2."""

import asyncio
import gzip
from collections.abc import AsyncIterator
from typing import NamedTuple

import h2.config
import h2.connection
import h2.events
import h2.exceptions

from firstbyte.lab.loopback.delays import delay, delay_until
from firstbyte.lab.loopback.truth import Truth

READ_BYTES = 65536


def make_page(truth: Truth) -> bytes:
    """An HTML page, compressed with gzip."""
    rows = "".join(
        f"<p>Paragraph {number}: {number * 2654435761 % 2**32:08x}"
        f"{number * 40503 % 2**32:08x}{number**3 % 2**32:08x}</p>\n"
        for number in range(truth.paragraphs)
    )
    html = f"<!doctype html>\n<title>firstbyte on loopback</title>\n{rows}"
    return gzip.compress(html.encode(), mtime=0)


def fields(page: bytes) -> list[tuple[str, str]]:
    """The response's header fields."""
    return [
        ("content-type", "text/html; charset=utf-8"),
        ("content-encoding", "gzip"),
        ("content-length", str(len(page))),
        ("server", "firstbyte-loopback"),
        ("cache-control", "no-store"),
    ]


async def parts_of(page: bytes, truth: Truth) -> AsyncIterator[bytes]:
    """The content in equal parts, with a pause between them."""
    step = -(-len(page) // truth.parts)
    for start in range(0, len(page), step):
        if start:
            await delay(truth.pause_s)
        yield page[start : start + step]


async def serve_http1(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, page: bytes, truth: Truth
) -> None:
    """Answer requests one after another until the client has enough."""
    while await _read_head(reader):
        await delay(truth.think_s)
        lines = [f"{name}: {value}" for name, value in fields(page)]
        writer.write("\r\n".join(["HTTP/1.1 200 OK", *lines, "", ""]).encode())
        async for part in parts_of(page, truth):
            writer.write(part)
            await writer.drain()


async def redirect_http1(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, target: str
) -> None:
    """Answer one request with 301 and close."""
    if await _read_head(reader):
        writer.write(
            f"HTTP/1.1 301 Moved Permanently\r\nlocation: {target}\r\n"
            "content-length: 0\r\nconnection: close\r\n\r\n".encode()
        )
        await writer.drain()


async def _read_head(reader: asyncio.StreamReader) -> bool:
    """Whether a whole request head came (the site takes no content)."""
    try:
        await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        return False
    return True


async def serve_http2(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, page: bytes, truth: Truth
) -> None:
    """Answer every stream; the page fits the smallest flow-control window (65,535 bytes)."""
    config = h2.config.H2Configuration(client_side=False, header_encoding="utf-8")
    connection = h2.connection.H2Connection(config)
    connection.initiate_connection()
    writer.write(connection.data_to_send())
    async with asyncio.TaskGroup() as streams:
        while data := await reader.read(READ_BYTES):
            due_s = asyncio.get_running_loop().time() + truth.think_s
            try:
                events = connection.receive_data(data)
            except h2.exceptions.ProtocolError:
                break
            for event in events:
                if isinstance(event, h2.events.RequestReceived) and event.stream_id is not None:
                    stream = _Stream(connection, event.stream_id, writer)
                    answer = _answer_stream(stream, due_s, page, truth)
                    streams.create_task(answer)
            writer.write(connection.data_to_send())


class _Stream(NamedTuple):
    connection: h2.connection.H2Connection
    number: int
    writer: asyncio.StreamWriter


async def _answer_stream(at: _Stream, due_s: float, page: bytes, truth: Truth) -> None:
    """Answer at ``due_s``: what reading the request took is part of the time to think."""
    connection, stream, writer = at
    await delay_until(due_s)
    try:
        connection.send_headers(stream, [(":status", "200"), *fields(page)])
        async for part in parts_of(page, truth):
            for start in range(0, len(part), connection.max_outbound_frame_size):
                end = start + connection.max_outbound_frame_size
                connection.send_data(stream, part[start:end])
            writer.write(connection.data_to_send())
            await writer.drain()
        connection.end_stream(stream)
        writer.write(connection.data_to_send())
    except (h2.exceptions.ProtocolError, ConnectionError):
        return  # the client left before the end
