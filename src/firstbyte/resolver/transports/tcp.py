"""DNS over TCP (RFC 7766): messages with a length of two bytes in front."""

from firstbyte.errors import ConnectionLifeError
from firstbyte.events import Scope
from firstbyte.net.stream import Stream
from firstbyte.net.tcp import connect_tcp, open_socket
from firstbyte.resolver.transports.inquiry import Inquiry, TransportError

_LENGTH_BYTES = 2


class TcpExchange:
    """Asks over a TCP connection of its own for each question."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    async def ask(self, inquiry: Inquiry) -> None:
        """See ``Exchange.ask``."""
        server = inquiry.step.server
        scope = self._scope.on_connection("tcp")
        try:
            stream = await connect_tcp(open_socket(server.host), (server.host, server.port), scope)
            try:
                await self._converse(stream, inquiry, scope)
            finally:
                stream.abort()
        except ConnectionLifeError as error:
            raise TransportError(error.message) from error

    async def _converse(self, stream: Stream, inquiry: Inquiry, scope: Scope) -> None:
        inquiry.sent(scope)
        await stream.send(frame(inquiry.query.wire))
        messages = Messages()
        while data := await stream.receive():
            if any(inquiry.received(message) for message in messages.add(data)):
                return
        raise TransportError("the server closed the connection without an answer")


class Messages:
    """Cuts a byte stream into DNS messages (RFC 1035, 4.2.2)."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def add(self, data: bytes) -> list[bytes]:
        """The messages that ``data`` completes."""
        buffer = self._buffer
        buffer += data
        whole: list[bytes] = []
        while len(buffer) >= _LENGTH_BYTES:
            end = _LENGTH_BYTES + int.from_bytes(buffer[:_LENGTH_BYTES], "big")
            if len(buffer) < end:
                break
            whole.append(bytes(buffer[_LENGTH_BYTES:end]))
            del buffer[:end]
        return whole


def frame(message: bytes) -> bytes:
    """``message`` with its length in front."""
    return len(message).to_bytes(_LENGTH_BYTES, "big") + message
