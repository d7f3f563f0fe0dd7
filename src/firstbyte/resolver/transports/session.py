"""The connections of one lookup: what carries its questions, and is closed with it."""

from types import TracebackType
from typing import Self

from firstbyte.errors import UsageError
from firstbyte.events import Scope
from firstbyte.resolver.settings import Server
from firstbyte.resolver.transports.connection import Pool
from firstbyte.resolver.transports.dialer import Dialer
from firstbyte.resolver.transports.inquiry import Exchange, Inquiry
from firstbyte.resolver.transports.tcp import TcpExchange
from firstbyte.resolver.transports.udp import UdpExchange


class Session:
    """Chooses the transport of each inquiry; an async context manager.

    ``dialer`` is null when no server needs TLS.
    """

    def __init__(self, scope: Scope, dialer: Dialer | None = None) -> None:
        self._datagrams: dict[str, Exchange] = {
            "udp": UdpExchange(scope),
            "tcp": TcpExchange(scope),
        }
        self._dialer = dialer
        self._pools: dict[Server, Pool] = {}

    async def ask(self, inquiry: Inquiry) -> None:
        """Send the query to its server; see ``Exchange.ask``."""
        server = inquiry.step.server
        exchange = self._datagrams.get(server.transport) or self._pool(server)
        await exchange.ask(inquiry)

    def _pool(self, server: Server) -> Pool:
        if server not in self._pools:
            self._pools[server] = self._make_pool(server)
        return self._pools[server]

    def _make_pool(self, server: Server) -> Pool:
        if self._dialer is None:
            raise UsageError(f"{server}: DNS over {server.transport} needs TLS settings")
        if server.transport == "dot":
            from firstbyte.resolver.transports.dot import dot_pool

            return dot_pool(server, self._dialer)
        from firstbyte.resolver.transports.doh import doh_pool

        return doh_pool(str(server), self._dialer)

    async def __aenter__(self) -> Self:
        """Nothing is opened before the first question."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close what was opened."""
        for pool in self._pools.values():
            await pool.close()
