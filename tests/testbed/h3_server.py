"""An HTTP/3 server on loopback over aioquic: each request is given to a script.

``async with serve_h3(pki.issue("good"), script) as port:``
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aioquic.asyncio import QuicConnectionProtocol
from aioquic.asyncio.server import QuicServer
from aioquic.h3.connection import H3Connection
from aioquic.h3.events import DataReceived, H3Event, HeadersReceived
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.events import ProtocolNegotiated, QuicEvent

Script = Callable[["Exchange"], Awaitable[None]]


class Exchange:
    """One request as the script sees it."""

    def __init__(self, protocol: "Protocol", stream: int, headers: dict[str, str]) -> None:
        self.protocol = protocol
        self.stream = stream
        self.headers = headers
        self.body = b""
        self.complete = asyncio.Event()

    @property
    def http(self) -> H3Connection:
        assert self.protocol.http is not None
        return self.protocol.http

    @property
    def quic(self) -> Any:
        return self.protocol._quic

    def head(self, status: int, *headers: tuple[str, str], end: bool = False) -> None:
        """Send a header section."""
        fields = [(":status", str(status)), *headers]
        self.fields(fields, end=end)

    def fields(self, fields: list[tuple[str, str]], *, end: bool = False) -> None:
        """Send any fields, as trailers too."""
        encoded = [(name.encode(), value.encode("latin-1")) for name, value in fields]
        self.http.send_headers(self.stream, encoded, end)
        self.protocol.transmit()

    def data(self, data: bytes, *, end: bool = False) -> None:
        """Send content."""
        self.http.send_data(self.stream, data, end)
        self.protocol.transmit()

    def raw(self, data: bytes, *, end: bool = False) -> None:
        """Send bytes on the stream that need not be HTTP/3."""
        self.quic.send_stream_data(self.stream, data, end)
        self.protocol.transmit()

    def reset(self, code: int) -> None:
        """Reset the stream."""
        self.quic.reset_stream(self.stream, code)
        self.protocol.transmit()

    def close(self, code: int, reason: str = "", frame_type: int | None = None) -> None:
        """Close the connection."""
        self.quic.close(code, frame_type, reason)
        self.protocol.transmit()


async def hello(exchange: Exchange) -> None:
    """Answer 200 with "hello"."""
    exchange.head(200, ("content-type", "text/plain"))
    exchange.data(b"hello", end=True)


class Protocol(QuicConnectionProtocol):
    """One connection of the server."""

    script: Script = staticmethod(hello)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.http: H3Connection | None = None
        self.exchanges: dict[int, Exchange] = {}
        self.tasks: set[asyncio.Task[None]] = set()

    def quic_event_received(self, event: QuicEvent) -> None:
        if isinstance(event, ProtocolNegotiated):
            self.http = H3Connection(self._quic)
        if self.http is not None:
            for found in self.http.handle_event(event):
                self._take(found)

    def _take(self, event: H3Event) -> None:
        if isinstance(event, HeadersReceived):
            headers = {name.decode(): value.decode("latin-1") for name, value in event.headers}
            exchange = Exchange(self, event.stream_id, headers)
            self.exchanges[event.stream_id] = exchange
            task = asyncio.ensure_future(self._run(exchange))
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)
        elif isinstance(event, DataReceived):
            self.exchanges[event.stream_id].body += event.data
        if getattr(event, "stream_ended", False):
            self.exchanges[event.stream_id].complete.set()

    async def _run(self, exchange: Exchange) -> None:
        await type(self).script(exchange)


@asynccontextmanager
async def serve_h3(
    chain: Any,
    script: Script = hello,
    *,
    retry: bool = False,
    alpn: tuple[str, ...] = ("h3",),
    versions: tuple[int, ...] = (),
    host: str = "127.0.0.1",
    port: int = 0,
) -> AsyncIterator[int]:
    """A server with the chain of ``pki.issue``; gives its port."""
    configuration = QuicConfiguration(is_client=False, alpn_protocols=list(alpn))
    configuration.load_cert_chain(Path(chain.cert_file), Path(chain.key_file))
    if versions:
        configuration.supported_versions = list(versions)
    protocol = type("Scripted", (Protocol,), {"script": staticmethod(script)})
    loop = asyncio.get_running_loop()
    transport, server = await loop.create_datagram_endpoint(
        lambda: QuicServer(configuration=configuration, create_protocol=protocol, retry=retry),
        local_addr=(host, port),
    )
    try:
        yield transport.get_extra_info("sockname")[1]
    finally:
        for running in set(server._protocols.values()):
            for task in getattr(running, "tasks", ()):
                task.cancel()
        server.close()
        await asyncio.sleep(0)
