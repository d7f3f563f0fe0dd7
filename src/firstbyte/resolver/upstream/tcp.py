"""Questions over TCP: connections are kept a little while and used again (RFC 7766, 6.2.1)."""

import asyncio

from firstbyte.protocols.dns.message import Message
from firstbyte.resolver.machine.values import FailureKind, Server
from firstbyte.resolver.upstream.queries import Exchange
from firstbyte.resolver.upstream.ways import Sink, failure_of

IDLE_S = 2.0
"""A connection without questions is closed after this: "a few seconds" (RFC 7766, 6.2.3)."""
MAX_OPEN = 32
"""Questions under way on one connection; the next goes to a new one."""
MAX_IDLE = 64
"""Connections that are kept without questions."""


class TcpConnections:
    """Connections by server, and who waits on which."""

    def __init__(self, loop: asyncio.AbstractEventLoop, sink: Sink) -> None:
        self.loop = loop
        self.sink = sink
        self._usable: dict[Server, _Connection] = {}
        self._asked: dict[int, _Connection] = {}

    def ask(self, exchange: Exchange, target: Server) -> None:
        """Send a question on a connection that is open, or on a new one."""
        connection = self._usable.get(target)
        if connection is None or not connection.has_room_for(exchange):
            connection = self._fresh(target)
        self._asked[exchange.ask.number] = connection
        connection.ask(exchange)

    def ask_again(self, exchange: Exchange, target: Server) -> None:
        """Send on a new connection what an old one did not carry (RFC 7766, 6.2.4)."""
        connection = self._asked[exchange.ask.number] = self._fresh(target)
        connection.ask(exchange)

    def _fresh(self, target: Server) -> "_Connection":
        while len(self._usable) >= MAX_IDLE:
            self._usable.pop(next(iter(self._usable))).retire()
        connection = self._usable[target] = _Connection(self, target)
        return connection

    def end(self, exchange: Exchange, outcome: Message | FailureKind) -> None:
        """A connection has the outcome of a question."""
        number = exchange.ask.number
        del self._asked[number]
        if isinstance(outcome, Message):
            self.sink.received(number, outcome)
        else:
            self.sink.failed(number, outcome)

    def retire(self, target: Server, connection: "_Connection") -> None:
        """No more questions for this connection."""
        if self._usable.get(target) is connection:
            del self._usable[target]

    def drop(self, number: int) -> None:
        """Forget a question; its connection stays for others."""
        connection = self._asked.pop(number, None)
        if connection is not None:
            connection.drop(number)

    def close(self) -> None:
        """Forget all questions, and close all connections."""
        for connection in {*self._usable.values(), *self._asked.values()}:
            connection.abort()
        self._usable.clear()
        self._asked.clear()


class _Connection(asyncio.Protocol):
    """One connection, from before it is made; questions under way have different IDs on it."""

    def __init__(self, pool: TcpConnections, target: Server) -> None:
        self._pool = pool
        self._target = target
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._open: dict[bytes, Exchange] = {}
        self._answered = False
        """It has carried an answer: when it ends, the server may only have found it idle."""
        self._retired = False
        self._idle: asyncio.TimerHandle | None = None
        self._task = pool.loop.create_task(self._connect())

    async def _connect(self) -> None:
        try:
            await self._pool.loop.create_connection(lambda: self, *self._target)
        except OSError as error:
            self._ended(failure_of(error))

    # questions ------------------------------------------------------------------------------

    def has_room_for(self, exchange: Exchange) -> bool:
        """Whether a question can go out here: one more, with an ID that is not under way."""
        return len(self._open) < MAX_OPEN and exchange.data[:2] not in self._open

    def ask(self, exchange: Exchange) -> None:
        """Send a question, as soon as there is a connection."""
        self._open[exchange.data[:2]] = exchange
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None
        if self._transport is not None:
            self._transport.write(_framed(exchange))

    def drop(self, number: int) -> None:
        """Forget a question; a late answer to it is ignored."""
        for ident, exchange in self._open.items():
            if exchange.ask.number == number:
                del self._open[ident]
                break
        # It was slow, or is dead: what comes next shall not wait behind it.
        self.retire()

    def retire(self) -> None:
        """Take no more questions; close when those under way have ended."""
        self._retired = True
        self._pool.retire(self._target, self)
        if not self._open:
            self.abort()

    def abort(self) -> None:
        """Close at once, and tell nobody."""
        self._open.clear()
        if self._transport is not None:
            self._transport.abort()
        else:
            self._task.cancel()

    # the stream -----------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.Transport):
            self._transport = transport
            transport.write(b"".join(map(_framed, self._open.values())))

    def data_received(self, data: bytes) -> None:
        buffer = self._buffer
        buffer += data
        sink = self._pool.sink
        sink.hold()
        try:
            while len(buffer) >= 2 and len(buffer) >= (end := 2 + (buffer[0] << 8 | buffer[1])):
                message = bytes(buffer[2:end])
                del buffer[:end]
                self._take(message)
        finally:
            sink.release()

    def _take(self, data: bytes) -> None:
        exchange = self._open.pop(data[:2], None)
        if exchange is None:
            return
        self._answered = True
        if not self._open:
            self._rest()
        message = exchange.read(data)
        if isinstance(message, Message):
            self._pool.end(exchange, message)
        else:
            self._pool.end(exchange, "case" if message == "case" else "malformed")

    def _rest(self) -> None:
        if self._retired:
            self.abort()
        else:
            self._idle = self._pool.loop.call_later(IDLE_S, self.retire)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        self._ended("closed")

    def _ended(self, kind: FailureKind) -> None:
        """Tell who waits; but ask again where the connection had only been idle too long."""
        self._pool.retire(self._target, self)
        if self._idle is not None:
            self._idle.cancel()
        left = list(self._open.values())
        self._open.clear()
        sink = self._pool.sink
        sink.hold()
        try:
            for exchange in left:
                if self._answered:
                    self._pool.ask_again(exchange, self._target)
                else:
                    self._pool.end(exchange, kind)
        finally:
            sink.release()


def _framed(exchange: Exchange) -> bytes:
    """A message with its length in front (RFC 1035, 4.2.2)."""
    return len(exchange.data).to_bytes(2, "big") + exchange.data
