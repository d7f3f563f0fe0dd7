"""Connections of clients: a limited number at once, in clear or over TLS, none idle for ever.

What they speak is a ``Conversation``: length-prefixed messages (``tcp.py``) or HTTP (``doh/``).
"""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Callable
from email.utils import formatdate
from typing import Protocol

from msgspec import Struct

from firstbyte.resolver.daemon.channel import Channel
from firstbyte.resolver.daemon.service import Service


class StreamLimits(Struct):
    """What one listener allows; a reload changes it for the connections that are open too."""

    most: int = 200
    """Connections at once."""
    idle_s: float = 10.0
    """After this long without a question under way or octets moving, a connection is closed."""


class Conversation(Protocol):
    """What is spoken on one connection."""

    def receive(self, data: bytes) -> None:
        """Octets came."""

    def ended(self) -> bool:
        """The client sends no more; whether it still gets answers."""

    def goodbye(self) -> None:
        """The connection is about to be closed: last octets may be sent."""


class Client(asyncio.Protocol):
    """One connection. Conversations ``send``, ``ask`` and ``finish`` by it."""

    def __init__(self, listener: "StreamListener") -> None:
        self.address = ""
        self.open = 0
        """Questions under way."""
        self._listener = listener
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._conversation: Conversation | None = None
        self._idle: asyncio.TimerHandle | None = None
        self._handshake: asyncio.Task[None] | None = None
        self._moved_s = 0.0
        self._early = b""
        """What came with the end of the handshake, before it was known to have ended."""
        self._deaf = False
        """The conversation takes no more for now."""
        self._choked = False
        """The client does not read what it is sent."""

    # the transport's side -------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Count it, and begin: after the handshake, where there is one."""
        if not isinstance(transport, asyncio.Transport):
            return
        self._transport = transport
        peer = transport.get_extra_info("peername")
        self.address = str(peer[0]) if peer else ""
        if not self._listener.admit(self):
            transport.abort()
        elif self._listener.tls is None:
            self._begin()
        else:
            # counted before the handshake: a limit that begins after it is none
            transport.pause_reading()
            secured = self._secure(transport, self._listener.tls)
            self._handshake = self._loop.create_task(secured)

    async def _secure(self, transport: asyncio.Transport, tls: ssl.SSLContext) -> None:
        idle_s = self._listener.limits.idle_s
        secure = None
        with contextlib.suppress(OSError):  # the peer's fault: nobody is told
            try:
                secure = await self._loop.start_tls(
                    transport, self, tls, server_side=True, ssl_handshake_timeout=idle_s
                )
            finally:
                self._handshake = None
                if secure is None:
                    self.connection_lost(None)
                    transport.abort()
        if secure is not None and self._transport is not None:
            self._transport = secure
            self._begin()

    def _begin(self) -> None:
        self._moved()
        self._conversation = self._listener.converse(self)
        self._look()
        if self._early:
            self._conversation.receive(self._early)

    def data_received(self, data: bytes) -> None:
        """Octets for the conversation; they alone do not end idleness, a whole question does."""
        if self._conversation is None:
            self._early += data
        else:
            self._conversation.receive(data)

    def eof_received(self) -> bool:
        """The client sends no more; whether the connection stays for answers."""
        stays = self._conversation is not None and self._conversation.ended()
        return stays and self._listener.tls is None  # TLS has no half-closed connections here

    def pause_writing(self) -> None:
        """It does not read its answers: take no more questions."""
        self._choked = True
        self._steer()

    def resume_writing(self) -> None:
        """It reads again."""
        self._choked = False
        self._moved()
        self._steer()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        """It is gone."""
        if self._idle is not None:
            self._idle.cancel()
        self._transport = None
        self._conversation = None
        self._listener.leave(self)

    # the conversation's side ----------------------------------------------------------------

    @property
    def security(self) -> ssl.SSLObject | None:
        """The TLS session, for its ALPN."""
        found = None if self._transport is None else self._transport.get_extra_info("ssl_object")
        return found if isinstance(found, ssl.SSLObject) else None

    def date(self) -> str:
        """Now, as HTTP writes it (RFC 9110, 5.6.7)."""
        return formatdate(self._listener.now_s(), usegmt=True)

    def ask(self, query: bytes, reply: Callable[[bytes], None]) -> None:
        """Put a question to the resolver; ``reply`` is called unless the client is gone.

        Who sends what is no question at all is sent away.
        """
        self.open += 1

        def deliver(answer: bytes) -> None:
            self.open -= 1
            if self._conversation is not None:
                self._moved()
                reply(answer)

        if not self._listener.ask(query, self.address, deliver):
            self.open -= 1
            self.finish()

    def send(self, data: bytes) -> None:
        """Octets for the client."""
        if self._transport is not None and data and not self._transport.is_closing():
            self._transport.write(data)

    def hold(self, *, on: bool) -> None:
        """Take no more from the client, or go on."""
        self._deaf = on
        self._steer()

    def later(self, call: Callable[[], None]) -> None:
        """Call when this round of events is done."""
        self._loop.call_soon(call)

    def finish(self) -> None:
        """Close when all is sent."""
        if self._transport is not None:
            self._transport.close()

    def _steer(self) -> None:
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        if self._deaf or self._choked:
            transport.pause_reading()
        else:
            transport.resume_reading()

    # its end --------------------------------------------------------------------------------

    def _moved(self) -> None:
        self._moved_s = self._loop.time()

    def _look(self) -> None:
        """Close it if it is idle; otherwise look again when it could be."""
        idle_s = self._listener.limits.idle_s
        left_s = self._moved_s + idle_s - self._loop.time()
        if left_s <= 0 and not self.open:
            self.close()
        else:
            wait_s = left_s if left_s > 0 else idle_s
            self._idle = self._loop.call_later(wait_s, self._look)

    def close(self) -> None:
        """Say goodbye, and close; what the client does not read does not keep it open."""
        if self._handshake is not None:
            self._handshake.cancel()
        if self._conversation is not None:
            self._conversation.goodbye()
        transport = self._transport
        if transport is None:
            return
        transport.close()
        if self._idle is not None:
            self._idle.cancel()
        self._idle = self._loop.call_later(self._listener.limits.idle_s, transport.abort)


class StreamListener:
    """Accepts clients on a socket, or several."""

    def __init__(
        self,
        service: Service,
        channel: Channel,
        converse: Callable[[Client], Conversation],
        limits: StreamLimits,
    ) -> None:
        self.converse = converse
        self.limits = limits
        self.tls: ssl.SSLContext | None = None
        self._service = service
        self._channel = channel
        self._clients: set[Client] = set()
        self._servers: list[asyncio.Server] = []

    async def start(self, sock: socket.socket, tls: ssl.SSLContext | None = None) -> None:
        """Begin to accept on a listening socket; with ``tls``, after its handshake."""
        self.tls = tls
        loop = asyncio.get_running_loop()
        self._servers.append(await loop.create_server(lambda: Client(self), sock=sock))

    def ask(self, query: bytes, client: str, reply: Callable[[bytes], None]) -> bool:
        """Put a client's question to the resolver; whether there will be an answer."""
        service = self._service
        service.statistics.questions[self._channel.value] += 1
        return service.ask(query, client, reply, service.moment(), self._channel)

    def now_s(self) -> float:
        """Unix time, by the daemon's clock."""
        return self._service.clock.moment().unix_s

    def __len__(self) -> int:
        return len(self._clients)

    def admit(self, client: Client) -> bool:
        """Whether one more fits."""
        if len(self._clients) >= self.limits.most:
            return False
        self._clients.add(client)
        return True

    def leave(self, client: Client) -> None:
        """The client is gone."""
        self._clients.discard(client)

    def stop(self) -> None:
        """Accept no more, and take no more questions."""
        for server in self._servers:
            server.close()
        for client in self._clients:
            client.hold(on=True)

    def close(self) -> None:
        """Stop, and end what is open."""
        self.stop()
        for client in list(self._clients):
            client.close()
