"""A site of a world: names, an address, versions of HTTP, and the server behind them."""

import asyncio
import os
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from firstbyte.lab.authority import Authority, Wish
from firstbyte.lab.pages import Pages
from firstbyte.server.http.handler import Handler
from firstbyte.server.http.http1 import serve_http1
from firstbyte.server.http.http2 import serve_http2
from firstbyte.server.http.http3 import Http3Listener, QuicIdentity

HTTPS_PORT = 443
HTTP_PORT = 80
Converse = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Site:
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
    answers: Handler | None = None
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

    def handler(self) -> Handler:
        """What answers over TLS and QUIC."""
        return self.answers or Pages(self.title, self.home)


class SiteServer:
    """Serves ``site`` from its host: HTTPS, HTTP that redirects there, and QUIC for h3."""

    def __init__(self, site: Site, authority: Authority, directory: Path) -> None:
        self.site = site
        self._authority = authority
        self._directory = directory / site.name
        self._servers: list[asyncio.Server] = []
        self._listeners: list[Http3Listener] = []

    async def start(self) -> None:
        """Bind every port; to be run on the site's host."""
        site = self.site
        if not site.listening:
            return
        identity = self._identity()
        if site.raw_talk is not None:
            await self._listen(HTTPS_PORT, site.raw_talk, None)
        else:
            streams = tuple(version for version in site.versions if version != "h3")
            talk = site.talk or _secure(site.handler())
            await self._listen(HTTPS_PORT, talk, _context(identity, streams))
        plain = Pages(site.title, secure_home=site.url)
        await self._listen(HTTP_PORT, _plain(plain), None)
        if "h3" in site.versions:
            for address in site.addresses:
                await self._listen_quic(Http3Listener(identity, site.handler()), address)

    def close(self) -> None:
        """Stop to listen."""
        for server in self._servers:
            server.close()
        for listener in self._listeners:
            listener.close()

    async def _listen_quic(self, listener: Http3Listener, address: str) -> None:
        loop = asyncio.get_running_loop()
        await loop.create_datagram_endpoint(lambda: listener, local_addr=(address, HTTPS_PORT))
        self._listeners.append(listener)

    async def _listen(self, port: int, converse: Converse, context: ssl.SSLContext | None) -> None:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                await converse(reader, writer)
            finally:
                writer.close()

        server = await asyncio.start_server(serve, self.site.addresses, port, ssl=context)
        self._servers.append(server)

    def _identity(self) -> QuicIdentity:
        wish = self.site.certificate or Wish(self.site.names)
        chain = (self.site.authority or self._authority).issue(wish)
        self._directory.mkdir(parents=True, exist_ok=True)
        chain_file, key_file = self._directory / "chain.pem", self._directory / "key.pem"
        chain_file.write_bytes(chain.certificates)
        key_file.write_bytes(chain.key)
        keylog = os.environ.get("SSLKEYLOGFILE")
        return QuicIdentity(chain_file, key_file, Path(keylog) if keylog else None)


def _context(identity: QuicIdentity, versions: tuple[str, ...]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(identity.chain_file, identity.key_file)
    context.set_alpn_protocols(list(versions))
    if identity.keylog_file is not None:
        context.keylog_filename = str(identity.keylog_file)
    return context


def _secure(handler: Handler) -> Converse:
    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        secured = writer.get_extra_info("ssl_object")
        chosen = serve_http2 if secured.selected_alpn_protocol() == "h2" else serve_http1
        await chosen(reader, writer, handler)

    return converse


def _plain(handler: Handler) -> Converse:
    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await serve_http1(reader, writer, handler)

    return converse
