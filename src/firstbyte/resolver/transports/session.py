"""The connections of one lookup: what carries its questions, and is closed with it."""

from types import TracebackType
from typing import Self

from firstbyte.events import Scope
from firstbyte.resolver.transports.inquiry import Exchange, Inquiry
from firstbyte.resolver.transports.tcp import TcpExchange
from firstbyte.resolver.transports.udp import UdpExchange


class Session:
    """Chooses the transport of each inquiry; an async context manager."""

    def __init__(self, scope: Scope) -> None:
        self._exchanges: dict[str, Exchange] = {
            "udp": UdpExchange(scope),
            "tcp": TcpExchange(scope),
        }

    async def ask(self, inquiry: Inquiry) -> None:
        """Send the query to its server; see ``Exchange.ask``."""
        await self._exchanges[inquiry.step.server.transport].ask(inquiry)

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
