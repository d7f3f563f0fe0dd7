"""Questions over UDP through the loop's own endpoints: where sockets are not the kernel's."""

import asyncio

from firstbyte.protocols.dns.message import Message
from firstbyte.resolver.machine.values import FailureKind, Server
from firstbyte.resolver.upstream.queries import Exchange
from firstbyte.resolver.upstream.ways import Sink, failure_of, verdict


class UdpEndpoints:
    """One endpoint for each question, and the task that keeps it open."""

    def __init__(self, loop: asyncio.AbstractEventLoop, sink: Sink) -> None:
        self._loop = loop
        self._sink = sink
        self._tasks: dict[int, asyncio.Task[None]] = {}

    def ask(self, exchange: Exchange, target: Server) -> None:
        """Send a question from a port that the system chooses."""
        number = exchange.ask.number
        self._tasks[number] = self._loop.create_task(self._ask(exchange, target))

    async def _ask(self, exchange: Exchange, target: Server) -> None:
        loop = self._loop
        ended: asyncio.Future[Message | FailureKind] = loop.create_future()
        try:
            transport, _ = await loop.create_datagram_endpoint(
                lambda: _Endpoint(exchange, ended), remote_addr=target
            )
        except OSError as error:
            self._end(exchange.ask.number, failure_of(error))
            return
        try:
            transport.sendto(exchange.data)
            outcome = await ended
        finally:
            transport.close()
        self._end(exchange.ask.number, outcome)

    def _end(self, number: int, outcome: Message | FailureKind) -> None:
        del self._tasks[number]
        if isinstance(outcome, Message):
            self._sink.received(number, outcome)
        else:
            self._sink.failed(number, outcome)

    def drop(self, number: int) -> None:
        """Forget a question, and close its endpoint."""
        task = self._tasks.pop(number, None)
        if task is not None:
            task.cancel()

    def close(self) -> None:
        """Forget all questions."""
        for number in list(self._tasks):
            self.drop(number)


class _Endpoint(asyncio.DatagramProtocol):
    def __init__(self, exchange: Exchange, ended: "asyncio.Future[Message | FailureKind]") -> None:
        self._exchange = exchange
        self._ended = ended
        self._wrong = 0

    def datagram_received(self, data: bytes, addr: tuple[object, ...]) -> None:  # noqa: ARG002
        outcome = verdict(self._exchange, data, self._wrong)
        self._wrong += 1
        if outcome is not None:
            self._tell(outcome)

    def error_received(self, exc: Exception) -> None:
        self._tell(failure_of(exc))

    def _tell(self, outcome: Message | FailureKind) -> None:
        if not self._ended.done():
            self._ended.set_result(outcome)
