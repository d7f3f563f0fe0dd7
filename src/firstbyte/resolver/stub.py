"""The stub resolver: names to addresses as the operating system does it, told as events.

IP literals, fixed addresses (``--resolve``), the hosts file and localhost are answered without the
network and without loading dnspython; everything else is asked of the configured servers.
"""

import secrets
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TYPE_CHECKING

from firstbyte.errors import NameError_
from firstbyte.events import Scope
from firstbyte.events.dns import HostsHit, LookupFinished, LookupStarted
from firstbyte.resolver import hosts
from firstbyte.resolver.base import FAMILIES, Family, Found, FoundAddresses, FoundHttps
from firstbyte.resolver.names import (
    HostName,
    Literal,
    candidates,
    is_localhost,
    is_onion,
    parse_host,
)
from firstbyte.resolver.settings import ServerMemory, StubSettings

if TYPE_CHECKING:
    from firstbyte.resolver.transports.dialer import Dialer, StartTls

_LOOPBACK = ("127.0.0.1", "::1")


class StubResolver:
    """A ``Resolver`` that asks recursive servers; one object serves any number of lookups."""

    def __init__(self, settings: StubSettings, start_tls: "StartTls | None" = None) -> None:
        """Make a stub.

        Args:
            settings: from ``make_settings``.
            start_tls: for DoT and DoH, ``net.tls.start_tls`` with its settings bound; null: with
                this system's own.

        """
        self._settings = settings
        self._start_tls = start_tls
        self._bootstrap = StubResolver(settings.bootstrap) if settings.bootstrap else None
        self._memory = ServerMemory(turn=secrets.randbelow(len(settings.servers)))

    async def lookup(
        self,
        name: str,
        scope: Scope,
        *,
        families: tuple[Family, ...] = FAMILIES,
        https: bool = True,
        port: int = 443,
        scheme: str = "https",
    ) -> AsyncGenerator[Found, None]:
        """See ``Resolver.lookup``.

        Raises:
            NameError_: dns.*, when no family had an address.
            UrlError: url.malformed, for what can be no host name.

        """
        host = parse_host(name)
        if (known := self.known(host, families, port, scope)) is not None:
            for family in families:
                yield FoundAddresses(family, _of_family(known, family))
            if https:
                yield FoundHttps(())
            return
        assert isinstance(host, HostName)  # noqa: S101 - a literal is always known
        network = self._network(host, scope, families, https, port, scheme)
        async with aclosing(network):
            async for found in network:
                yield found

    def known(
        self, host: HostName | Literal, families: tuple[Family, ...], port: int, scope: Scope
    ) -> tuple[str, ...] | None:
        """The addresses that need no network, or None."""
        if isinstance(host, Literal):
            if host.family not in families:
                raise NameError_(
                    "dns.nodata",
                    f"{host.address} is an IPv{host.family} address, which the options exclude",
                    "leave out -4 or -6",
                )
            return (host.address,)
        if is_onion(host):
            raise NameError_(
                "dns.nxdomain",
                f"{host.text} is a Tor address, which DNS must not be asked for (RFC 7686)",
                "use a proxy that speaks to Tor",
            )
        local = self._local(host, families, port)
        if local is None:
            return None
        addresses, origin = local
        if not self._settings.announce:
            return addresses
        types = tuple("A" if family == 4 else "AAAA" for family in families)
        scope.emit(LookupStarted(host.text, types))
        scope.emit(HostsHit(host.text, addresses, origin))
        scope.emit(LookupFinished(host.text, addresses))
        return addresses

    def _local(
        self, host: HostName, families: tuple[Family, ...], port: int
    ) -> tuple[tuple[str, ...], str] | None:
        """The addresses of a name that is known here, and where from."""
        settings = self._settings
        if fixed := hosts.find_static(settings.static, host.text, port):
            return _of_families(fixed, families, f"--resolve {host.text}:{port}"), "--resolve"
        hit = hosts.find(settings.hosts, host.text)
        if hit and (usable := tuple(a for a in hit.addresses if _family(a) in families)):
            return usable, "/etc/hosts"
        if is_localhost(host):
            return _of_families(_LOOPBACK, families, host.text), "RFC 6761"
        return None

    def _network(
        self,
        host: HostName,
        scope: Scope,
        families: tuple[Family, ...],
        https: bool,
        port: int,
        scheme: str,
    ) -> AsyncGenerator[Found, None]:
        from firstbyte.resolver.lookup import Lookup, Wanted
        from firstbyte.resolver.transports.session import Session

        system = self._settings.system
        names = candidates(host, system.search, system.ndots, no_tld_query=system.no_tld_query)
        wanted = Wanted(
            names=names,
            as_is_first=names[0] == host.text,
            families=families,
            https=https,
            port=port,
            scheme=scheme,
        )
        session = Session(scope, self._dialer(scope))
        return Lookup(wanted, self._settings, self._memory, scope, session).run(host.text)

    def _dialer(self, scope: Scope) -> "Dialer | None":
        if self._bootstrap is None:
            return None
        from firstbyte.resolver.transports.dialer import Dialer, system_start_tls

        return Dialer(self._bootstrap, self._start_tls or system_start_tls(), scope)


def _family(address: str) -> Family:
    return 6 if ":" in address else 4


def _of_family(addresses: tuple[str, ...], family: Family) -> tuple[str, ...]:
    return tuple(address for address in addresses if _family(address) == family)


def _of_families(
    addresses: tuple[str, ...], families: tuple[Family, ...], origin: str
) -> tuple[str, ...]:
    usable = tuple(address for address in addresses if _family(address) in families)
    if not usable:
        raise NameError_(
            "dns.nodata", f"{origin} has no address of the family that the options allow"
        )
    return usable
