"""The server of a site: HTTPS, HTTP that redirects there, and QUIC for h3."""

import asyncio
import os
import ssl
from collections.abc import Awaitable, Callable, Sequence
from functools import cached_property
from pathlib import Path
from socket import SOCK_DGRAM, SOCK_STREAM, SocketKind, socket
from typing import TYPE_CHECKING

from firstbyte.lab.activation import Activation, bound
from firstbyte.lab.authority import Authority, Wish
from firstbyte.lab.sites import Converse, Site
from firstbyte.sim.memory_files import MemoryFile

if TYPE_CHECKING:
    from firstbyte.server.http.handler import Handler
    from firstbyte.server.http.http3 import QuicIdentity

HTTPS_PORT = 443
HTTP_PORT = 80


class SiteServer:
    """Serves ``site`` from its host. Code and certificate are loaded when somebody asks."""

    def __init__(self, site: Site, authority: Authority) -> None:
        self.site = site
        self._authority = authority
        self._kept: list[object] = []

    async def start(self) -> None:
        """Bind every port; to be run on the site's host."""
        if not self.site.listening:
            return
        self._listen(HTTPS_PORT, SOCK_STREAM, self._serve_https)
        self._listen(HTTP_PORT, SOCK_STREAM, self._serve_http)
        if "h3" in self.site.versions:
            self._listen(HTTPS_PORT, SOCK_DGRAM, self._serve_quic)

    def _listen(
        self, port: int, kind: SocketKind, serve: Callable[[Sequence[socket]], Awaitable[None]]
    ) -> None:
        sockets = [bound(address, port, kind) for address in self.site.addresses]
        self._kept.append(Activation(sockets, serve))

    async def _serve_https(self, sockets: Sequence[socket]) -> None:
        if self.site.raw_talk is not None:
            await self._converse(sockets, self.site.raw_talk, None)
            return
        streams = tuple(version for version in self.site.versions if version != "h3")
        talk = self.site.talk or _secure(self._handler())
        await self._converse(sockets, talk, _context(self._identity, streams))

    async def _serve_http(self, sockets: Sequence[socket]) -> None:
        from firstbyte.lab.pages import Pages

        plain = Pages(self.site.title, secure_home=self.site.url)
        await self._converse(sockets, _plain(plain), None)

    async def _serve_quic(self, sockets: Sequence[socket]) -> None:
        from firstbyte.server.http.http3 import Http3Listener

        loop = asyncio.get_running_loop()
        for sock in sockets:
            listener = Http3Listener(self._identity, self._handler())
            await loop.create_datagram_endpoint(lambda: listener, sock=sock)  # noqa: B023 - called now

    async def _converse(
        self, sockets: Sequence[socket], converse: Converse, context: ssl.SSLContext | None
    ) -> None:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                await converse(reader, writer)
            finally:
                writer.close()

        for sock in sockets:
            self._kept.append(await asyncio.start_server(serve, sock=sock, ssl=context))

    def _handler(self) -> "Handler":
        """What answers over TLS and QUIC."""
        from firstbyte.lab.pages import Pages

        return self.site.answers or Pages(self.site.title, self.site.home)

    @cached_property
    def _identity(self) -> "QuicIdentity":
        from firstbyte.server.http.http3 import QuicIdentity

        wish = self.site.certificate or Wish(self.site.names)
        chain = (self.site.authority or self._authority).issue(wish)
        keylog = os.environ.get("SSLKEYLOGFILE")
        files = self._keep("chain.pem", chain.certificates), self._keep("key.pem", chain.key)
        return QuicIdentity(*files, Path(keylog) if keylog else None)

    def _keep(self, name: str, content: bytes) -> Path:
        """The path of a file in memory, which lives as long as the server."""
        file = MemoryFile(name)
        file.replace(content)
        self._kept.append(file)
        return Path(file.path)


def _context(identity: "QuicIdentity", versions: tuple[str, ...]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(identity.chain_file, identity.key_file)
    context.set_alpn_protocols(list(versions))
    if identity.keylog_file is not None:
        context.keylog_filename = str(identity.keylog_file)
    return context


def _secure(handler: "Handler") -> Converse:
    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        secured = writer.get_extra_info("ssl_object")
        if secured.selected_alpn_protocol() == "h2":
            from firstbyte.server.http.http2 import serve_http2

            await serve_http2(reader, writer, handler)
        else:
            from firstbyte.server.http.http1 import serve_http1

            await serve_http1(reader, writer, handler)

    return converse


def _plain(handler: "Handler") -> Converse:
    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from firstbyte.server.http.http1 import serve_http1

        await serve_http1(reader, writer, handler)

    return converse
