"""A connection that carries many questions at once, and a pool of them for one server."""

import asyncio
from collections.abc import Awaitable, Callable

from firstbyte.errors import ConnectionLifeError
from firstbyte.events import Scope
from firstbyte.net.stream import Stream
from firstbyte.resolver.transports.framing import Framing, Unfit
from firstbyte.resolver.transports.inquiry import Inquiry, TransportError

_CLOSE_S = 0.2
"""What an orderly end may cost; a peer that does not take part is left."""


class Connection:
    """Puts inquiries on a stream as ``framing`` says, and hands them their messages."""

    def __init__(self, stream: Stream, framing: Framing, scope: Scope) -> None:
        self._stream = stream
        self._framing = framing
        self._scope = scope
        self._waiting: dict[int, tuple[Inquiry, asyncio.Future[None]]] = {}
        self._sending = asyncio.Lock()
        self._ended = False
        self._reader = asyncio.create_task(self._read())

    @property
    def free(self) -> bool:
        """Whether ``ask`` may be called now, before anything else is awaited."""
        return not self._ended and self._framing.free

    async def ask(self, inquiry: Inquiry) -> None:
        """See ``Exchange.ask``."""
        key = self._framing.submit(inquiry.query.wire)
        if key in self._waiting:
            raise TransportError("another question with the same id is open")
        settled: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[key] = inquiry, settled
        inquiry.sent(self._scope)
        try:
            await self._flush()
            await settled
        except ConnectionLifeError as error:
            raise TransportError(error.message) from error
        finally:
            del self._waiting[key]

    async def close(self) -> None:
        """End it, in order if the peer plays along."""
        self._ended = True
        self._reader.cancel()
        try:
            # Waiting for the reader may be cancelled, too: the stream must not outlive that.
            await asyncio.gather(self._reader, return_exceptions=True)
            async with asyncio.timeout(_CLOSE_S):
                await self._stream.close()
        except (ConnectionLifeError, TimeoutError):
            self._stream.abort()
        except asyncio.CancelledError:
            self._stream.abort()
            raise

    async def _flush(self) -> None:
        async with self._sending:
            if data := self._framing.outgoing():
                await self._stream.send(data)

    async def _read(self) -> None:
        reason = "the server closed the connection"
        try:
            while data := await self._stream.receive():
                at_ns = self._scope.now_ns()
                for key, message in self._framing.receive(data):
                    self._hand_over(key, message, at_ns)
                await self._flush()
        except ConnectionLifeError as error:
            reason = error.message
        except Unfit as error:
            reason = str(error)
        finally:
            self._end(reason)

    def _hand_over(self, key: int, message: bytes | str, at_ns: int) -> None:
        inquiry, settled = self._waiting.get(key, (None, None))
        if inquiry is None or settled is None or settled.done():
            return
        if isinstance(message, str):
            settled.set_exception(TransportError(message))
        elif inquiry.received(message, at_ns):
            settled.set_result(None)

    def _end(self, reason: str) -> None:
        self._ended = True
        for _, settled in self._waiting.values():
            if not settled.done():
                settled.set_exception(TransportError(reason))


class Pool:
    """The connections to one server; a new one is opened when none is free."""

    def __init__(self, dial: Callable[[], Awaitable[Connection]]) -> None:
        self._dial = dial
        self._connections: list[Connection] = []
        self._opening: asyncio.Task[None] | None = None

    async def ask(self, inquiry: Inquiry) -> None:
        """See ``Exchange.ask``."""
        while True:
            for connection in self._connections:
                if connection.free:
                    await connection.ask(inquiry)
                    return
            if self._opening is None:
                self._opening = asyncio.create_task(self._open())
            # Shielded: one asker's time limit must not end what others wait for.
            await asyncio.shield(self._opening)

    async def close(self) -> None:
        """Close every connection, also one that is being opened."""
        if self._opening is not None:
            self._opening.cancel()
            await asyncio.gather(self._opening, return_exceptions=True)
        await asyncio.gather(*(connection.close() for connection in self._connections))

    async def _open(self) -> None:
        try:
            self._connections.append(await self._dial())
        finally:
            self._opening = None
