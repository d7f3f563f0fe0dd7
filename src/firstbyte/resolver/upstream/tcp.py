"""One question over TCP, on a connection of its own (RFC 7766, 8)."""

import asyncio

from firstbyte.protocols.dns.message import Message
from firstbyte.resolver.machine.values import Server
from firstbyte.resolver.upstream.queries import Exchange
from firstbyte.resolver.upstream.udp import Cancel, Failed, Received, failure_of


class _Stream(asyncio.Protocol):
    """Sends the question when connected; gives the first whole message."""

    def __init__(self, exchange: Exchange, received: Received, failed: Failed) -> None:
        self._exchange = exchange
        self._received = received
        self._failed = failed
        self._buffer = bytearray()
        self._done = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        data = self._exchange.data
        if isinstance(transport, asyncio.WriteTransport):
            transport.write(len(data).to_bytes(2, "big") + data)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if self._done or len(self._buffer) < 2:
            return
        size = int.from_bytes(self._buffer[:2], "big")
        if len(self._buffer) < size + 2:
            return
        self._done = True
        message = self._exchange.read(bytes(self._buffer[2 : size + 2]))
        number = self._exchange.ask.number
        if isinstance(message, Message):
            self._received(number, message)
        else:
            self._failed(number, "case" if message == "case" else "malformed")

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        if not self._done:
            self._done = True
            self._failed(self._exchange.ask.number, "closed")


def ask_tcp(
    loop: asyncio.AbstractEventLoop,
    exchange: Exchange,
    target: Server,
    received: Received,
    failed: Failed,
) -> Cancel | None:
    """Connect, ask, and give the answer; cancelling closes the connection."""

    async def ask() -> None:
        try:
            transport, _ = await loop.create_connection(
                lambda: _Stream(exchange, received, failed), *target
            )
        except OSError as error:
            failed(exchange.ask.number, failure_of(error))
            return
        try:
            await asyncio.Event().wait()
        finally:
            transport.abort()

    task = loop.create_task(ask())
    return lambda: _stop(task)


def _stop(task: "asyncio.Task[None]") -> None:
    if task is not asyncio.current_task():
        task.cancel()
