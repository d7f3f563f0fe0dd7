"""DNS over UDP (RFC 1035, 4.2.1): a fresh socket, and so a fresh random port, for each question."""

import asyncio
from typing import Any

from firstbyte.events import Scope
from firstbyte.resolver.transports.inquiry import Inquiry, TransportError


class UdpExchange:
    """Asks over UDP.

    The socket is connected to the server: the kernel drops what comes from elsewhere, and tells us
    of ICMP errors at once.
    """

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    async def ask(self, inquiry: Inquiry) -> None:
        """See ``Exchange.ask``."""
        loop = asyncio.get_running_loop()
        server = inquiry.step.server
        scope = self._scope.on_connection("udp")
        try:
            transport, protocol = await loop.create_datagram_endpoint(
                lambda: _Question(inquiry, scope), remote_addr=(server.host, server.port)
            )
        except OSError as error:
            raise TransportError(_reason(error)) from error
        try:
            inquiry.sent(scope)
            transport.sendto(inquiry.query.wire)
            await protocol.settled
        finally:
            transport.close()


class _Question(asyncio.DatagramProtocol):
    """Waits for the one datagram that answers."""

    def __init__(self, inquiry: Inquiry, scope: Scope) -> None:
        self.settled: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._inquiry = inquiry
        self._scope = scope
        self._server: tuple[Any, ...] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by asyncio once, before anything else."""
        peer = transport.get_extra_info("peername")
        self._server = tuple(peer[:2]) if peer else None

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        """Called by asyncio: a datagram came."""
        at_ns = self._scope.now_ns()
        if self.settled.done():
            return
        if self._server is not None and tuple(addr[:2]) != self._server:
            self._inquiry.stray(f"from another address, {addr[0]}", len(data), at_ns)
        elif self._inquiry.received(data, at_ns):
            self.settled.set_result(None)

    def error_received(self, exc: Exception) -> None:
        """Called by asyncio: the network says that the server cannot be reached."""
        if not self.settled.done():
            self.settled.set_exception(TransportError(_reason(exc)))


def _reason(error: Exception) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "nothing listens on that port (ICMP port unreachable)"
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
