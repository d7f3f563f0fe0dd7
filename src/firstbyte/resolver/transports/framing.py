"""How queries and messages stand in one connection's bytes: pure, one class a protocol."""

from typing import Protocol

from firstbyte.errors import FirstbyteError

_LENGTH_BYTES = 2


class Unfit(FirstbyteError):
    """The peer broke the connection's protocol, or ended it: nothing more can be asked on it."""


class Framing(Protocol):
    """Queries to bytes, and bytes to messages.

    Call ``submit`` while ``free``, send what ``outgoing`` gives, feed ``receive``, and ask
    ``outgoing`` again after each. A message comes with the key of its query; text in its place says
    why there is none.
    """

    @property
    def free(self) -> bool:
        """Whether another query may be submitted now."""

    def submit(self, query: bytes) -> int:
        """Put a query on its way; returns its key."""

    def receive(self, data: bytes) -> list[tuple[int, bytes | str]]:
        """The messages that ``data`` (not empty) completes, by key.

        Raises:
            Unfit: the connection is of no more use.

        """

    def outgoing(self) -> bytes:
        """Bytes to send now."""


class LengthFraming:
    """Two bytes of length in front of each message (RFC 7766, 8); its key is the query id."""

    free = True

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._outgoing = b""

    def submit(self, query: bytes) -> int:
        """See ``Framing.submit``."""
        self._outgoing += frame(query)
        return int.from_bytes(query[:2], "big")

    def receive(self, data: bytes) -> list[tuple[int, bytes | str]]:
        """See ``Framing.receive``; a message too short to have an id has key -1."""
        buffer = self._buffer
        buffer += data
        whole: list[tuple[int, bytes | str]] = []
        while len(buffer) >= _LENGTH_BYTES:
            end = _LENGTH_BYTES + int.from_bytes(buffer[:_LENGTH_BYTES], "big")
            if len(buffer) < end:
                break
            message = bytes(buffer[_LENGTH_BYTES:end])
            whole.append((int.from_bytes(message[:2], "big") if len(message) > 1 else -1, message))
            del buffer[:end]
        return whole

    def outgoing(self) -> bytes:
        """See ``Framing.outgoing``."""
        data, self._outgoing = self._outgoing, b""
        return data


def frame(message: bytes) -> bytes:
    """``message`` with its length in front."""
    return len(message).to_bytes(_LENGTH_BYTES, "big") + message
