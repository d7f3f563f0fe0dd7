"""What a host tells the owner of a socket: bits, collected until the next poll."""

from typing import Protocol

READABLE, WRITABLE, CONNECTED, ENDED, ACCEPTABLE, ERROR = 1, 2, 4, 8, 16, 32
"""``READABLE``: data, a datagram or the end of data came. ``WRITABLE``: a send buffer that was
full has room. ``CONNECTED``: the handshake is done. ``ENDED``: the connection is over (its
``error`` says if it failed). ``ACCEPTABLE``: a connection waits. ``ERROR``: an asynchronous error
(ICMP) for a datagram socket."""


class Notified(Protocol):
    """Any socket."""

    pending: int


class Notices:
    """Sockets with news, in the order in which they first had some."""

    def __init__(self) -> None:
        self._waiting: list[Notified] = []

    def add(self, socket: Notified, bits: int) -> None:
        """``socket`` has news."""
        if not socket.pending:
            self._waiting.append(socket)
        socket.pending |= bits

    def take(self) -> list[tuple[Notified, int]]:
        """All news since the last call."""
        if not self._waiting:
            return []
        waiting, self._waiting = self._waiting, []
        taken = []
        for socket in waiting:
            taken.append((socket, socket.pending))
            socket.pending = 0
        return taken
