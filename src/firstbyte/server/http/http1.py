"""HTTP/1.1 (RFC 9112) on a stream, over h11: requests one after another."""

import asyncio
import contextlib
from http import HTTPStatus

import h11

from firstbyte.server.http.handler import Asked, Handler, Reply

READ_BYTES = 65536


async def serve_http1(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, handler: Handler
) -> None:
    """Answer requests until the client has enough; what is no HTTP is answered 400."""
    connection = h11.Connection(h11.SERVER)
    with contextlib.suppress(ConnectionError):
        try:
            while request := await _next_request(connection, reader, writer):
                await _answer(connection, writer, request, handler)
                if not await _finish(connection, reader):
                    break
        except h11.RemoteProtocolError as error:
            await _complain(connection, writer, error.error_status_hint)


async def _next_request(
    connection: h11.Connection, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> Asked | None:
    """The next request's head; None at the end."""
    event = await _next_event(connection, reader)
    if not isinstance(event, h11.Request):
        return None
    if connection.they_are_waiting_for_100_continue:
        go_on = h11.InformationalResponse(status_code=100, headers=[], reason=b"Continue")
        writer.write(connection.send(go_on) or b"")
    fields = tuple((name.decode(), value.decode("latin-1")) for name, value in event.headers)
    authority = next((value for name, value in fields if name == "host"), "")
    return Asked(event.method.decode(), authority, event.target.decode("latin-1"), fields)


async def _next_event(
    connection: h11.Connection, reader: asyncio.StreamReader
) -> h11.Event | type[h11.PAUSED]:
    while (event := connection.next_event()) is h11.NEED_DATA:
        connection.receive_data(await reader.read(READ_BYTES))
    return event  # type: ignore[return-value] # NEED_DATA is left out above


async def _answer(
    connection: h11.Connection, writer: asyncio.StreamWriter, asked: Asked, handler: Handler
) -> None:
    reply = await handler(asked)
    writer.write(_head(connection, reply))
    async for piece in reply.pieces():
        if asked.method != "HEAD":
            writer.write(connection.send(h11.Data(data=piece)) or b"")
            await writer.drain()
    writer.write(connection.send(h11.EndOfMessage()) or b"")
    await writer.drain()


def _head(connection: h11.Connection, reply: Reply) -> bytes:
    reason = HTTPStatus(reply.status).phrase if reply.status in _KNOWN else ""
    head = h11.Response(
        status_code=reply.status, headers=list(reply.all_fields()), reason=reason.encode()
    )
    return connection.send(head) or b""


_KNOWN = {int(status) for status in HTTPStatus}


async def _finish(connection: h11.Connection, reader: asyncio.StreamReader) -> bool:
    """Read what the request still holds; whether another may follow."""
    while connection.their_state is h11.SEND_BODY:
        if isinstance(await _next_event(connection, reader), h11.ConnectionClosed):
            return False
    if connection.our_state is not h11.DONE or connection.their_state is not h11.DONE:
        return False
    connection.start_next_cycle()
    return True


async def _complain(connection: h11.Connection, writer: asyncio.StreamWriter, status: int) -> None:
    if connection.our_state in (h11.IDLE, h11.SEND_RESPONSE):
        writer.write(_head(connection, Reply(status, (("connection", "close"),))))
        writer.write(connection.send(h11.EndOfMessage()) or b"")
        await writer.drain()
