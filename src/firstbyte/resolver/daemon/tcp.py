"""Questions on a stream, each after its length (RFC 1035, 4.2.2; RFC 7766; over TLS RFC 7858)."""

from firstbyte.resolver.daemon.streams import Client

MAX_PIPELINED = 64
"""Questions of one connection that are under way at once."""
MAX_WAITING_BYTES = 65537
"""A whole message with its length; more than that is not taken from the client meanwhile."""


class DnsConversation:
    """Takes questions as they come; answers go out as they are ready (RFC 7766, 6.2.1.1)."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._buffer = bytearray()
        self._ended = False

    def receive(self, data: bytes) -> None:
        """Octets came."""
        self._buffer += data
        self._take()

    def _take(self) -> None:
        buffer, client = self._buffer, self._client
        while len(buffer) >= 2 and client.open < MAX_PIPELINED:
            size = buffer[0] << 8 | buffer[1]
            if len(buffer) < size + 2:
                return
            message = bytes(buffer[2 : size + 2])
            del buffer[: size + 2]
            client.ask(message, self._reply)
        if len(buffer) > MAX_WAITING_BYTES:
            client.hold(on=True)

    def _reply(self, answer: bytes) -> None:
        client = self._client
        client.send(len(answer).to_bytes(2, "big") + answer)
        if self._ended and not client.open and not self._whole():
            client.finish()
        elif client.open == MAX_PIPELINED - 1:
            client.later(self._go_on)

    def _go_on(self) -> None:
        self._client.hold(on=False)
        self._take()

    def _whole(self) -> bool:
        """Whether another question waits."""
        buffer = self._buffer
        return len(buffer) >= 2 and len(buffer) - 2 >= buffer[0] << 8 | buffer[1]

    def ended(self) -> bool:
        """The client sends no more; it gets the answers that are under way."""
        self._ended = True
        return self._client.open > 0

    def goodbye(self) -> None:
        """DNS has no word for it."""
