"""aioquic's server with our handler behind it."""

import asyncio
from pathlib import Path
from typing import Any, TextIO, cast

from aioquic.asyncio.protocol import QuicConnectionProtocol
from aioquic.asyncio.server import QuicServer
from aioquic.h3.connection import H3_ALPN, H3Connection
from aioquic.h3.events import H3Event, HeadersReceived
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.events import ConnectionTerminated, ProtocolNegotiated, QuicEvent, StreamReset

from firstbyte.server.http.handler import Asked, Handler
from firstbyte.server.http.http3 import QuicIdentity


def make_quic_server(identity: QuicIdentity, handler: Handler) -> QuicServer:
    """A server for a datagram endpoint."""
    configuration = QuicConfiguration(is_client=False, alpn_protocols=list(H3_ALPN))
    configuration.load_cert_chain(identity.chain_file, identity.key_file)
    if identity.keylog_file is not None:
        configuration.secrets_log_file = cast("TextIO", _LogFile(identity.keylog_file))

    def connection(*args: Any, **options: Any) -> "_Connection":
        return _Connection(*args, handler=handler, **options)

    return QuicServer(configuration=configuration, create_protocol=connection)


class _LogFile:
    """As much of a text file as aioquic uses; others append to the same one, so it is not held."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def write(self, text: str) -> int:
        with self._path.open("a", encoding="ascii") as file:
            return file.write(text)

    def flush(self) -> None:
        """Every write is whole."""


class _Connection(QuicConnectionProtocol):
    def __init__(self, *args: Any, handler: Handler, **options: Any) -> None:
        super().__init__(*args, **options)
        self._handler = handler
        self._http: H3Connection | None = None
        self._tasks: dict[int, asyncio.Task[None]] = {}

    def quic_event_received(self, event: QuicEvent) -> None:
        if isinstance(event, ProtocolNegotiated):
            self._http = H3Connection(self._quic)
        elif isinstance(event, ConnectionTerminated):
            for task in list(self._tasks.values()):
                task.cancel()
        elif isinstance(event, StreamReset) and event.stream_id in self._tasks:
            self._tasks[event.stream_id].cancel()
        if self._http is not None:
            for found in self._http.handle_event(event):
                self._take(self._http, found)

    def _take(self, http: H3Connection, event: H3Event) -> None:
        if not isinstance(event, HeadersReceived) or event.stream_id in self._tasks:
            return
        fields = [(name.decode(), value.decode("latin-1")) for name, value in event.headers]
        pseudo = dict(fields)
        asked = Asked(
            pseudo.get(":method", "GET"),
            pseudo.get(":authority", ""),
            pseudo.get(":path", "/"),
            tuple((name, value) for name, value in fields if not name.startswith(":")),
        )
        stream = event.stream_id
        task = asyncio.get_running_loop().create_task(self._answer(http, stream, asked))
        self._tasks[stream] = task
        task.add_done_callback(lambda _: self._tasks.pop(stream, None))

    async def _answer(self, http: H3Connection, stream: int, asked: Asked) -> None:
        reply = await self._handler(asked)
        fields = [(":status", str(reply.status)), *reply.all_fields()]
        encoded = [(name.encode(), value.encode("latin-1")) for name, value in fields]
        empty = asked.method == "HEAD" or (reply.parts is None and not reply.content)
        http.send_headers(stream, encoded, end_stream=empty)
        if not empty:
            whole = reply.parts is None
            async for piece in reply.pieces():
                http.send_data(stream, piece, end_stream=whole)
                self.transmit()
            if not whole:
                http.send_data(stream, b"", end_stream=True)
        self.transmit()
