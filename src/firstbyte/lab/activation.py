"""Servers that start when they are first asked: only their sockets are there from the beginning.

As systemd's socket activation does it. A world has some forty of them, and a client asks four: the
code of the others (HTTP/2, TLS contexts, certificates, signed zones, a resolver) need be neither
loaded nor run. Nobody in the world can tell, for its clock stands still while code is loaded: the
first connection is answered in the same microsecond as the second.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any

from firstbyte.sim.current import current_host

BACKLOG = 100
"""Connections that wait for ``accept``: asyncio's own default."""
Start = Callable[[Sequence[socket.socket]], Awaitable[object]]


def bound(address: str, port: int, kind: socket.SocketKind) -> socket.socket:
    """A socket at this address of the running host; one for streams listens.

    Raises:
        OSError: the address is taken, or not the host's.

    """
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    sock = socket.socket(family, kind | socket.SOCK_NONBLOCK)
    if family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    if kind is socket.SOCK_STREAM:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((address, port))
    if kind is socket.SOCK_STREAM:
        sock.listen(BACKLOG)
    return sock


def bound_pairs(addresses: Iterable[str], port: int) -> list[socket.socket]:
    """For each address a socket of UDP, then one of TCP.

    Raises:
        OSError: as ``bound``.

    """
    kinds = (socket.SOCK_DGRAM, socket.SOCK_STREAM)
    return [bound(address, port, kind) for address in addresses for kind in kinds]


class Activation:
    """Awaits ``start(sockets)``, on the host that runs this, when the first packet has come.

    ``start`` owns the sockets from then on.
    """

    def __init__(self, sockets: Sequence[socket.socket], start: Start) -> None:
        self._sockets = sockets
        self._start = start
        self._server: asyncio.Task[Any] | None = None
        loop = asyncio.get_running_loop()
        for sock in sockets:
            loop.add_reader(sock, self._begin)

    def _begin(self) -> None:
        loop = asyncio.get_running_loop()
        for sock in self._sockets:
            loop.remove_reader(sock)
        # As a program of the host's: if it fails, whoever waits for its answer is told so.
        self._server = current_host().run(self._start(self._sockets))
