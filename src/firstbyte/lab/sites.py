"""A site of a world: names, an address, versions of HTTP, and what is odd about it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from msgspec import Struct

from firstbyte.lab.authority import Authority, Wish

if TYPE_CHECKING:
    from firstbyte.server.http.handler import Handler

Converse = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Site(Struct, frozen=True):
    """What a world's site is. ``versions`` are ALPN's words, in the server's order."""

    name: str
    host: str
    address: str
    versions: tuple[str, ...]
    rtt_s: float
    title: str
    home: str = "/"
    aliases: tuple[str, ...] = ()
    certificate: Wish | None = None
    """What its certificate is to be, if not a good one for its names."""
    authority: Authority | None = None
    """Who issues it, if not the world's own."""
    answers: "Handler | None" = None
    """Answers instead of the pages."""
    talk: Converse | None = None
    """Speaks instead of HTTP, on each connection over TLS."""
    raw_talk: Converse | None = None
    """Speaks instead of TLS, on each connection to the HTTPS port."""
    listening: bool = True
    more_addresses: tuple[str, ...] = ()
    """Of the other family."""

    @property
    def addresses(self) -> tuple[str, ...]:
        """All addresses, the first one first."""
        return (self.address, *self.more_addresses)

    @property
    def url(self) -> str:
        """Where it is."""
        return f"https://{self.name}/"

    @property
    def names(self) -> tuple[str, ...]:
        """Its name and its aliases."""
        return (self.name, *self.aliases)
