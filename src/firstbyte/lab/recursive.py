"""The worlds' resolver for others: it walks from the world's root."""

import socket
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from firstbyte.lab.activation import Activation, bound_pairs
from firstbyte.lab.naming import PORT, Server
from firstbyte.net import system


class Habits(Struct, frozen=True):
    """How a resolver behaves: which networks it answers, and whether it validates.

    ``stub``: servers of zones that it asks directly, by the zones' names.
    """

    allows: Sequence[str] = ("0.0.0.0/0", "::/0")
    validates: bool = True
    stub: Mapping[str, str] = {}


class RecursiveServer:
    """A resolver for others that walks from the world's root. ``start`` it on its host.

    ``habits`` are looked up when it is first asked: faults may have changed them.
    """

    def __init__(
        self, addresses: Sequence[str], root: Server, habits: Callable[[], Habits]
    ) -> None:
        self._addresses = addresses
        self._root = root
        self._habits = habits

    async def start(self) -> Activation:
        """Begin to answer."""
        return Activation(bound_pairs(self._addresses, PORT), self._serve)

    async def _serve(self, sockets: Sequence[socket.socket]) -> None:
        """Answer by these sockets: UDP's and TCP's in turn."""
        from firstbyte.lab.resolver_service import serve_resolver

        habits = self._habits()
        self._running = await serve_resolver(sockets, self._keys(habits), habits.allows)

    def _keys(self, habits: Habits) -> dict[str, Any]:
        anchors = system.current().dns_anchors()
        return {
            "root_hints": [[self._root.name, address] for address in self._root.addresses],
            "trust_anchors": list(anchors),
            "validate": habits.validates and bool(anchors),
            "stub": dict(habits.stub),
            "send_ta_signal": False,
            "special_use": False,
            "priming": False,
            "ipv6": any(":" in address for address in self._root.addresses),
        }
