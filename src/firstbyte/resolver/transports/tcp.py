"""DNS over TCP (RFC 7766): a connection of its own for each question.

Servers that answer one question and close are common; sharing saves a round trip at best.
"""

from firstbyte.errors import ConnectionLifeError
from firstbyte.events import Scope
from firstbyte.net.tcp import connect_tcp, open_socket
from firstbyte.resolver.transports.connection import Connection
from firstbyte.resolver.transports.framing import LengthFraming
from firstbyte.resolver.transports.inquiry import Inquiry, TransportError


class TcpExchange:
    """Asks over TCP."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    async def ask(self, inquiry: Inquiry) -> None:
        """See ``Exchange.ask``."""
        server = inquiry.step.server
        scope = self._scope.on_connection("tcp")
        try:
            stream = await connect_tcp(open_socket(server.host), (server.host, server.port), scope)
        except ConnectionLifeError as error:
            raise TransportError(error.message) from error
        connection = Connection(stream, LengthFraming(), scope)
        try:
            await connection.ask(inquiry)
        finally:
            await connection.close()
