"""HTTP/2 (RFC 9113) on a stream, over h2: requests at once, each within flow control."""

import asyncio

import h2.config
import h2.connection
import h2.events
import h2.exceptions

from firstbyte.server.http.handler import Asked, Handler, Reply

READ_BYTES = 65536
Name = str | bytes


class Http2Server:
    """One connection. ``await run()`` until the client has enough."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, handler: Handler
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._handler = handler
        config = h2.config.H2Configuration(client_side=False, header_encoding="utf-8")
        self._machine = h2.connection.H2Connection(config)
        self._window = asyncio.Condition()
        self._tasks: dict[int, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Serve."""
        self._machine.initiate_connection()
        self._flush()
        try:
            while data := await self._reader.read(READ_BYTES):
                for event in self._machine.receive_data(data):
                    await self._take(event)
                self._flush()
        except h2.exceptions.ProtocolError:
            self._flush()
        except ConnectionError:
            return
        finally:
            for task in self._tasks.values():
                task.cancel()
            await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def _take(self, event: h2.events.Event) -> None:
        if isinstance(event, h2.events.RequestReceived):
            self._begin(event)
        elif isinstance(event, h2.events.DataReceived):
            self._machine.acknowledge_received_data(
                event.flow_controlled_length or 0, event.stream_id or 0
            )
        elif isinstance(event, h2.events.StreamReset):
            task = self._tasks.get(event.stream_id or 0)
            if task is not None:
                task.cancel()
        elif isinstance(event, h2.events.WindowUpdated | h2.events.RemoteSettingsChanged):
            async with self._window:
                self._window.notify_all()

    def _begin(self, event: h2.events.RequestReceived) -> None:
        stream = event.stream_id or 0
        asked = _asked([(_text(name), _text(value)) for name, value in event.headers or ()])
        task = asyncio.get_running_loop().create_task(self._answer(stream, asked))
        self._tasks[stream] = task
        task.add_done_callback(lambda _: self._tasks.pop(stream, None))

    async def _answer(self, stream: int, asked: Asked) -> None:
        try:
            reply = await self._handler(asked)
            await self._send(stream, reply, head_alone=asked.method == "HEAD")
        except (h2.exceptions.ProtocolError, ConnectionError):
            return  # the client left before the end

    async def _send(self, stream: int, reply: Reply, *, head_alone: bool) -> None:
        fields = [(":status", str(reply.status)), *reply.all_fields()]
        empty = head_alone or (reply.parts is None and not reply.content)
        self._machine.send_headers(stream, fields, end_stream=empty)
        # In a TLS record of their own: in one with 16 KB of content they could not be read before
        # all of it had come, which takes a cold connection one more round trip.
        self._flush()
        if empty:
            return
        async for piece in reply.pieces():
            await self._send_piece(stream, piece)
        self._machine.end_stream(stream)
        self._flush()

    async def _send_piece(self, stream: int, piece: bytes) -> None:
        """In frames, as far as the windows let it (RFC 9113, 5.2)."""
        rest = memoryview(piece)
        while rest:
            async with self._window:
                await self._window.wait_for(
                    lambda: self._machine.local_flow_control_window(stream) > 0
                )
            room = self._machine.local_flow_control_window(stream)
            size = min(room, self._machine.max_outbound_frame_size, len(rest))
            self._machine.send_data(stream, bytes(rest[:size]))
            rest = rest[size:]
            self._flush()
            await self._writer.drain()

    def _flush(self) -> None:
        data = self._machine.data_to_send()
        if data:
            self._writer.write(data)


async def serve_http2(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, handler: Handler
) -> None:
    """Answer every stream until the client has enough."""
    await Http2Server(reader, writer, handler).run()


def _text(value: Name) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value


def _asked(fields: list[tuple[str, str]]) -> Asked:
    pseudo = dict(fields)
    plain = tuple((name, value) for name, value in fields if not name.startswith(":"))
    return Asked(
        pseudo.get(":method", "GET"), pseudo.get(":authority", ""), pseudo.get(":path", "/"), plain
    )
