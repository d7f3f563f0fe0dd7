"""HTTP/3 (RFC 9114) over aioquic, which is loaded when the first datagram comes."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from firstbyte.server.http.handler import Handler

if TYPE_CHECKING:
    from aioquic.asyncio.server import QuicServer


class QuicIdentity(Struct, frozen=True):
    """PEM files: the chain and its key; and where TLS secrets are written, if anywhere."""

    chain_file: Path
    key_file: Path
    keylog_file: Path | None = None


class Http3Listener(asyncio.DatagramProtocol):
    """Give it to ``create_datagram_endpoint``; it serves all connections of that socket."""

    def __init__(self, identity: QuicIdentity, handler: Handler) -> None:
        self._identity = identity
        self._handler = handler
        self._transport: asyncio.BaseTransport | None = None
        self._server: QuicServer | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the socket."""
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        """Hand the datagram to aioquic."""
        if self._server is None:
            from firstbyte.server.http.quic_server import make_quic_server

            self._server = make_quic_server(self._identity, self._handler)
            if self._transport is not None:
                self._server.connection_made(self._transport)
        self._server.datagram_received(data, addr)

    def close(self) -> None:
        """Close every connection and the socket."""
        if self._server is not None:
            self._server.close()
        elif self._transport is not None:
            self._transport.close()
