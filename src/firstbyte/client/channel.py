"""A connection that is ready to carry requests, whatever it is made of."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from firstbyte.client.exchange import ExchangeLimits, Response, Sink, exchange
from firstbyte.errors import ConnectionLifeError
from firstbyte.events import Event, Scope
from firstbyte.net.stream import Stream
from firstbyte.net.tcp import TcpStream
from firstbyte.protocols.http.messages import Machine, Request

if TYPE_CHECKING:
    from firstbyte.client.quic import QuicConnection


class Channel(Protocol):
    """What a hop sends its request over."""

    @property
    def connection(self) -> str | None:
        """The connection's name in the events ("tcp1")."""

    @property
    def can_reuse(self) -> bool:
        """Another request may follow on it."""

    @property
    def rtt_s(self) -> float:
        """The path's round trip, 0 when it is not known."""

    async def exchange(
        self, request: Request, scope: Scope, limits: ExchangeLimits, sink: Sink | None
    ) -> Response:
        """Send one request and read its response; raises ConnectionLifeError."""

    def probe(self, least_silence_s: float) -> None:
        """Ask the peer's stack for a sign of life, if nothing has come for so long."""

    async def close(self) -> None:
        """End it in order; never raises for the peer's faults."""

    def abort(self) -> None:
        """End it at once; never raises."""


class StreamChannel:
    """HTTP/1 or HTTP/2 over TCP, with or without TLS between."""

    def __init__(self, tcp: TcpStream, stream: Stream, machine: Machine) -> None:
        self._tcp = tcp
        self._stream = stream
        self._machine = machine

    @property
    def connection(self) -> str | None:
        """The TCP connection's name."""
        return self._tcp.scope.connection

    @property
    def can_reuse(self) -> bool:
        """What the machine says, unless the connection broke."""
        return self._machine.can_reuse and not self._tcp.is_closing

    async def exchange(
        self, request: Request, scope: Scope, limits: ExchangeLimits, sink: Sink | None
    ) -> Response:
        """One request and its response; TCP_INFO is read at the first byte."""
        with self._sampling_first_byte():
            own = scope.with_connection(self.connection)
            return await exchange(self._stream, self._machine, request, own, limits, sink)

    def probe(self, least_silence_s: float) -> None:
        """By TCP's keepalive."""
        self._tcp.probe(least_silence_s)

    async def close(self) -> None:
        """close_notify and FIN."""
        try:
            await self._stream.close()
        except (ConnectionLifeError, OSError):
            self._stream.abort()

    def abort(self) -> None:
        """RST."""
        self._stream.abort()

    @property
    def rtt_s(self) -> float:
        """The kernel's round trip of the connection, 0 when it is not known."""
        return self._tcp.rtt_s

    @contextmanager
    def _sampling_first_byte(self) -> Iterator[None]:
        watchers = self._tcp.scope.recorder.watchers

        def watch(event: Event) -> None:
            if event.type == "http.first_byte" and event.connection == self.connection:
                self._tcp.sample_info("first_byte")

        watchers.append(watch)
        try:
            yield
        finally:
            watchers.remove(watch)


class QuicChannel:
    """HTTP/3 over QUIC."""

    def __init__(self, quic: "QuicConnection", name: str | None) -> None:
        self._quic = quic
        self._name = name

    @property
    def connection(self) -> str | None:
        """The QUIC connection's name."""
        return self._name

    @property
    def can_reuse(self) -> bool:
        """What the connection says."""
        return self._quic.can_reuse

    @property
    def rtt_s(self) -> float:
        """Not needed: nothing waits for a last segment."""
        return 0.0

    async def exchange(
        self, request: Request, scope: Scope, limits: ExchangeLimits, sink: Sink | None
    ) -> Response:
        """One request and its response."""
        own = scope.with_connection(self._name)
        return await self._quic.exchange(request, own, limits, sink)

    def probe(self, least_silence_s: float) -> None:
        """Not needed: QUIC's own idle time-out tells (RFC 9000, 10.1)."""

    async def close(self) -> None:
        """CONNECTION_CLOSE with H3_NO_ERROR."""
        await self._quic.close()

    def abort(self) -> None:
        """The same: QUIC has no harder end."""
        self._quic.abort()
