"""Secure connections to resolvers that have a name: looked up, connected, TLS."""

from collections.abc import Awaitable, Callable
from contextlib import aclosing
from typing import Protocol

from firstbyte.errors import ConnectionLifeError
from firstbyte.events import Scope
from firstbyte.net.stream import Stream
from firstbyte.net.system import current
from firstbyte.net.tcp import connect_tcp, open_socket
from firstbyte.resolver.base import Resolver
from firstbyte.resolver.transports.inquiry import TransportError


class SecureStream(Stream, Protocol):
    """A stream over TLS."""

    @property
    def alpn(self) -> str | None:
        """The protocol that was agreed on (RFC 7301)."""


StartTls = Callable[[Stream, str, tuple[str, ...], Scope], Awaitable[SecureStream]]
"""TLS over a connected stream: (stream, server name, ALPN offer, scope); owns the stream."""


def system_start_tls() -> StartTls:
    """TLS as this system trusts it, without any option of the caller's; verified in any case."""
    from firstbyte.net.tls import TlsSettings, start_tls
    from firstbyte.net.tls_trust import choose_roots

    system = current()
    environment = system.environment()
    anchors = system.trust_anchors_pem()
    settings = TlsSettings(
        roots=choose_roots(
            ca_file=None, ca_path=None, ca_pem=None, environment=environment, anchors_pem=anchors
        ),
        keylog_file=environment.get("SSLKEYLOGFILE") or None,
    )

    async def secure(
        stream: Stream, server_name: str, alpn: tuple[str, ...], scope: Scope
    ) -> SecureStream:
        return await start_tls(stream, settings, server_name, alpn, scope)

    return secure


class Dialer:
    """Opens secure connections; every step is told on a connection scope of its own."""

    def __init__(self, bootstrap: Resolver, start_tls: StartTls, scope: Scope) -> None:
        self._bootstrap = bootstrap
        self._start_tls = start_tls
        self._scope = scope

    async def dial(self, host: str, port: int, alpn: tuple[str, ...]) -> tuple[SecureStream, Scope]:
        """Connect to ``host``, which the bootstrap resolver turns into addresses.

        Addresses are tried in the order in which they come.

        Raises:
            TransportError: it has no address, or none of them can be used.

        """
        failures: list[str] = []
        try:
            lookup = self._bootstrap.lookup(host, self._scope, https=False, port=port)
            async with aclosing(lookup):
                async for found in lookup:
                    for address in found.addresses:
                        try:
                            return await self._connect(address, host, port, alpn)
                        except ConnectionLifeError as error:
                            failures.append(error.message)
        except ConnectionLifeError as error:
            failures.append(error.message)
        raise TransportError("; ".join(failures))

    async def _connect(
        self, address: str, host: str, port: int, alpn: tuple[str, ...]
    ) -> tuple[SecureStream, Scope]:
        scope = self._scope.on_connection("tcp")
        stream = await connect_tcp(open_socket(address), (address, port), scope)
        return await self._start_tls(stream, host, alpn, scope), scope
