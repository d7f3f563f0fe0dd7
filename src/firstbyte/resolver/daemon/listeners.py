"""The daemon's sockets: UDP drained in batches, TCP with limits (RFC 7766)."""

import asyncio
import contextlib
import socket
import ssl

from firstbyte.resolver.daemon.service import Service
from firstbyte.resolver.machine.values import Moment

BATCH = 64
"""Datagrams taken at one wake-up: the loop's own cost is shared by them."""
MAX_DATAGRAM = 4096
BUFFER_BYTES = 4 * 1024 * 1024
MAX_PIPELINED = 64
"""Questions of one connection that are under way at once."""


def bind(address: tuple[str, int], kind: socket.SocketKind, *, shared: bool) -> socket.socket:
    """A bound socket of its own for an address; ``shared`` with other workers.

    Raises:
        OSError: the address is taken, or not of this machine.

    """
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    sock = socket.socket(family, kind | socket.SOCK_NONBLOCK)
    try:
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        if shared:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if kind is socket.SOCK_STREAM:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        else:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER_BYTES)
        sock.bind(address)
        if kind is socket.SOCK_STREAM:
            sock.listen(128)
    except OSError:
        sock.close()
        raise
    return sock


class UdpListener:
    """Answers datagrams."""

    def __init__(self, sock: socket.socket, service: Service) -> None:
        self._sock = sock
        self._service = service
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(sock, self._drain)

    def _drain(self) -> None:
        sock, service = self._sock, self._service
        receive = sock.recvfrom
        now = service.moment()
        count = 0
        driver = service.driver
        driver.hold()
        try:
            with contextlib.suppress(BlockingIOError, ConnectionError):
                for _ in range(BATCH):
                    data, client = receive(MAX_DATAGRAM)
                    count += 1
                    self._answer(data, client, service, now)
        finally:
            driver.release()
        service.statistics.questions["udp"] += count

    def _answer(self, data: bytes, client: tuple[str, int], service: Service, now: Moment) -> None:
        def reply(answer: bytes) -> None:
            with contextlib.suppress(OSError):
                self._sock.sendto(answer, client)

        service.ask(data, client[0], reply, now, udp=True)

    def close(self) -> None:
        """Stop to listen."""
        self._loop.remove_reader(self._sock)
        self._sock.close()


class _Connection(asyncio.Protocol):
    """One client's stream of questions; answers go out as they are ready."""

    def __init__(self, listener: "TcpListener") -> None:
        self._listener = listener
        self._buffer = bytearray()
        self._transport: asyncio.Transport | None = None
        self._client = ""
        self._open = 0
        self._idle: asyncio.TimerHandle | None = None
        self._ended = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if not isinstance(transport, asyncio.Transport):
            return
        self._transport = transport
        peer = transport.get_extra_info("peername")
        self._client = str(peer[0]) if peer else ""
        if not self._listener.admit(self):
            transport.abort()
            return
        self._rest()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        self._rest()
        self._take()

    def _take(self) -> None:
        buffer = self._buffer
        while len(buffer) >= 2 and self._open < MAX_PIPELINED:
            size = buffer[0] << 8 | buffer[1]
            if len(buffer) < size + 2:
                return
            message = bytes(buffer[2 : size + 2])
            del buffer[: size + 2]
            self._ask(message)
        if len(buffer) > 65537 and self._transport is not None:
            self._transport.pause_reading()

    def _ask(self, message: bytes) -> None:
        self._open += 1
        service = self._listener.service
        service.statistics.questions["tcp"] += 1
        service.ask(message, self._client, self._reply, service.moment(), udp=False)

    def _reply(self, answer: bytes) -> None:
        self._open -= 1
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        transport.write(len(answer).to_bytes(2, "big") + answer)
        if self._ended and not self._open:
            transport.close()
            return
        transport.resume_reading()
        self._rest()
        if self._buffer:
            asyncio.get_running_loop().call_soon(self._take)

    def eof_received(self) -> bool:
        self._ended = True
        return self._open > 0

    def _rest(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
        loop = asyncio.get_running_loop()
        self._idle = loop.call_later(self._listener.idle_s, self.abort)

    def abort(self) -> None:
        """Close at once."""
        if self._transport is not None:
            self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        if self._idle is not None:
            self._idle.cancel()
        self._transport = None
        self._listener.leave(self)


class TcpListener:
    """Accepts connections, a limited number at once."""

    def __init__(self, service: Service, most: int, idle_s: float) -> None:
        self.service = service
        self.idle_s = idle_s
        self._most = most
        self._connections: set[_Connection] = set()
        self._server: asyncio.Server | None = None

    async def start(self, sock: socket.socket, tls: ssl.SSLContext | None = None) -> None:
        """Begin to accept on a listening socket; with ``tls`` it is DNS over TLS (RFC 7858)."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Connection(self), sock=sock, ssl=tls)

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
        """Stop to accept, and close what is open."""
        if self._server is not None:
            self._server.close()
        for connection in list(self._connections):
            connection.abort()
