"""DNS over TLS and over HTTPS on loopback, in front of a ``DnsServer`` that gives the answers.

::

    async with DnsServer(ZONE) as names, SecureDnsServer(names, "doh", tls=context) as server:
        …
"""

import asyncio
import base64
import contextlib
import ssl
from dataclasses import dataclass, field
from typing import Literal, Self

import h2.config
import h2.connection
import h2.events
import h11

from testbed.dns_server import DnsServer

MEDIA_TYPE = "application/dns-message"


@dataclass
class SecureDnsServer:
    """Serves on an ephemeral port; without ``tls`` in the clear.

    ``http`` is what is spoken when ALPN did not choose. ``status``, ``media_type`` and ``extra``
    (bytes behind the message) make a DoH server misbehave.
    """

    names: DnsServer
    kind: Literal["dot", "doh"]
    tls: ssl.SSLContext | None = None
    http: Literal["1.1", "2"] = "2"
    status: int = 200
    media_type: str = MEDIA_TYPE
    extra: bytes = b""
    close_after: int | None = None
    """End each HTTP/1.1 connection after this many answers."""
    connections: int = 0
    requests: list[tuple[str, str]] = field(default_factory=list)
    """Method and path of each request."""

    async def __aenter__(self) -> Self:
        self._tasks: set[asyncio.Task[None]] = set()
        self._server = await asyncio.start_server(self._serve, self.names.host, 0, ssl=self.tls)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.sleep(0)

    @property
    def address(self) -> tuple[str, int]:
        return self.names.host, self.port

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            if self.kind == "dot":
                await self.names.converse(reader, writer, "dot")
            elif self._version(writer) == "2":
                await self._serve_http2(reader, writer)
            else:
                await self._serve_http1(reader, writer)
        writer.transport.abort()

    def _version(self, writer: asyncio.StreamWriter) -> str:
        tls = writer.get_extra_info("ssl_object")
        chosen = tls.selected_alpn_protocol() if tls is not None else None
        return {"h2": "2", "http/1.1": "1.1"}.get(chosen, self.http)

    async def _answer(self, method: str, path: str, body: bytes) -> bytes | None:
        self.requests.append((method, path))
        if method == "GET":
            text = path.partition("dns=")[2]
            body = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        message = await self.names.answer_bytes(body, "doh")
        return None if message is None else message + self.extra

    async def _serve_http1(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        connection = h11.Connection(h11.SERVER)
        served = 0
        while True:
            request, body = None, b""
            while True:
                event = connection.next_event()
                if event is h11.NEED_DATA:
                    connection.receive_data(await reader.read(65536))
                elif isinstance(event, h11.Request):
                    request = event
                elif isinstance(event, h11.Data):
                    body += event.data
                elif isinstance(event, h11.EndOfMessage):
                    break
                else:
                    return
            assert request is not None
            content = await self._answer(request.method.decode(), request.target.decode(), body)
            if content is None:
                continue
            headers = [("content-type", self.media_type), ("content-length", str(len(content)))]
            writer.write(connection.send(h11.Response(status_code=self.status, headers=headers)))
            writer.write(connection.send(h11.Data(data=content)))
            writer.write(connection.send(h11.EndOfMessage()))
            await writer.drain()
            served += 1
            if served == self.close_after:
                return
            connection.start_next_cycle()

    async def _serve_http2(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        connection = h2.connection.H2Connection(
            h2.config.H2Configuration(client_side=False, header_encoding="utf-8")
        )
        connection.initiate_connection()
        writer.write(connection.data_to_send())
        heads: dict[int, dict[str, str]] = {}
        bodies: dict[int, bytes] = {}
        while data := await reader.read(65536):
            for event in connection.receive_data(data):
                if isinstance(event, h2.events.RequestReceived):
                    heads[event.stream_id] = dict(event.headers)
                elif isinstance(event, h2.events.DataReceived):
                    bodies[event.stream_id] = bodies.get(event.stream_id, b"") + event.data
                elif isinstance(event, h2.events.StreamEnded):
                    stream = event.stream_id
                    work = self._answer_stream(
                        connection, writer, stream, heads[stream], bodies.get(stream, b"")
                    )
                    task = asyncio.create_task(work)
                    self._tasks.add(task)
                    task.add_done_callback(self._tasks.discard)
            writer.write(connection.data_to_send())

    async def _answer_stream(
        self,
        connection: h2.connection.H2Connection,
        writer: asyncio.StreamWriter,
        stream: int,
        head: dict[str, str],
        body: bytes,
    ) -> None:
        content = await self._answer(head[":method"], head[":path"], body)
        if content is None:
            return
        headers = [
            (":status", str(self.status)),
            ("content-type", self.media_type),
            ("content-length", str(len(content))),
        ]
        connection.send_headers(stream, headers)
        for start in range(0, len(content), 16_000):
            piece = content[start : start + 16_000]
            while connection.local_flow_control_window(stream) < len(piece):
                writer.write(connection.data_to_send())
                await asyncio.sleep(0.001)
            connection.send_data(stream, piece)
        connection.end_stream(stream)
        writer.write(connection.data_to_send())
