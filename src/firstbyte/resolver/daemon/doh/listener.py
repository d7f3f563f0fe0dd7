"""The sockets of DNS over HTTPS: ALPN chooses the machine, the daemon's service answers."""

import asyncio
import socket
import ssl
from collections.abc import Callable

from firstbyte.errors import DecodeError
from firstbyte.protocols.dns import constants as dns
from firstbyte.protocols.dns import walker
from firstbyte.resolver.daemon.doh.http1 import Http1Server
from firstbyte.resolver.daemon.doh.http2 import Http2Server
from firstbyte.resolver.daemon.doh.requests import Incoming, Refusal

Answer = Callable[[bytes, str, Callable[[bytes], None]], None]
"""Answers a query of a client, by calling back with the response, perhaps at once."""
MAX_OPEN = 100
"""Questions of one connection that are under way at once."""


class _Connection(asyncio.Protocol):
    """One client."""

    def __init__(self, listener: "DohListener") -> None:
        self._listener = listener
        self._transport: asyncio.Transport | None = None
        self._machine: Http1Server | Http2Server | None = None
        self._client = ""
        self._open = 0
        self._idle: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if not isinstance(transport, asyncio.Transport):
            return
        self._transport = transport
        peer = transport.get_extra_info("peername")
        self._client = str(peer[0]) if peer else ""
        if not self._listener.admit(self):
            transport.abort()
            return
        tls = transport.get_extra_info("ssl_object")
        chosen = tls.selected_alpn_protocol() if tls is not None else None
        self._machine = Http2Server() if chosen == "h2" else Http1Server()
        self._flush()
        self._rest()

    def data_received(self, data: bytes) -> None:
        if self._machine is not None:
            self._take(self._machine.receive(data))
            self._flush()
            self._rest()

    def _take(self, requests: list[Incoming]) -> None:
        for request in requests:
            if isinstance(request.content, Refusal):
                self._respond(request.key, request.content)
            elif self._open >= MAX_OPEN:
                self._respond(request.key, Refusal(429, "too many questions at once"))
            else:
                self._ask(request.key, request.content)

    def _ask(self, key: int, query: bytes) -> None:
        self._open += 1

        def reply(answer: bytes) -> None:
            self._open -= 1
            self._respond(key, answer)
            self._flush()
            self._rest()

        self._listener.answer(query, self._client, reply)

    def _respond(self, key: int, content: bytes | Refusal) -> None:
        if self._machine is None:
            return
        max_age_s = 0 if isinstance(content, Refusal) else lifetime_s(content)
        self._take(self._machine.respond(key, content, max_age_s))

    def _flush(self) -> None:
        if self._transport is None or self._machine is None or self._transport.is_closing():
            return
        data = self._machine.outgoing()
        if data:
            self._transport.write(data)
        if self._machine.ended:
            self._transport.close()

    def _rest(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
        loop = asyncio.get_running_loop()
        self._idle = loop.call_later(self._listener.idle_s, self.close)

    def close(self) -> None:
        """Say so, and end."""
        if isinstance(self._machine, Http2Server):
            self._machine.go_away()
        self._flush()
        if self._transport is not None:
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        if self._idle is not None:
            self._idle.cancel()
        self._transport = None
        self._machine = None
        self._listener.leave(self)


def lifetime_s(response: bytes) -> int:
    """How long caches may keep a response: its least TTL (RFC 8484, 5.1); 0 for failures."""
    try:
        message = walker.decode(response)
    except DecodeError:
        return 0
    if message.rcode not in (dns.NOERROR, dns.NXDOMAIN):
        return 0
    records = message.answer or message.authority
    least = min((record.ttl_s for record in records), default=0)
    for record in message.authority:
        if record.rdtype == dns.SOA and not message.answer:
            least = min(least, int.from_bytes(record.rdata[-4:], "big"))  # RFC 2308, 5
    return least


class DohListener:
    """Accepts connections, a limited number at once."""

    def __init__(self, answer: Answer, most: int, idle_s: float) -> None:
        self.answer = answer
        self.idle_s = idle_s
        self._most = most
        self._connections: set[_Connection] = set()
        self._server: asyncio.Server | None = None

    async def start(self, sock: socket.socket, context: ssl.SSLContext | None) -> None:
        """Begin to accept on a listening socket; without a context in clear, behind a proxy."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Connection(self), sock=sock, ssl=context)

    def admit(self, connection: _Connection) -> bool:
        """Whether one more connection fits."""
        if len(self._connections) >= self._most:
            return False
        self._connections.add(connection)
        return True

    def leave(self, connection: _Connection) -> None:
        """The connection is gone."""
        self._connections.discard(connection)

    def close(self) -> None:
        """Stop to accept, and end what is open."""
        if self._server is not None:
            self._server.close()
        for connection in list(self._connections):
            connection.close()
