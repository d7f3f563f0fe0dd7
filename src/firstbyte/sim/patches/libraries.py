"""What widely used libraries keep of the machine, where a world has its own."""

import io
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from firstbyte.sim.current import HOST
from firstbyte.sim.patches.substitution import Substitution

RESOLV_CONF = "/etc/resolv.conf"


class Libraries:
    """The substitutions of one world, as far as the libraries are loaded at all."""

    def __init__(self) -> None:
        self._trusting: tuple[bytes, Any] = (b"", None)

    def substitutions(self) -> Iterator[Substitution]:
        """Once the world's environment is in place."""
        connector = sys.modules.get("aiohttp.connector")
        if connector is not None:
            yield from self._trust_of_aiohttp(connector)
        resolver = sys.modules.get("dns.resolver")
        if resolver is not None:
            real = vars(resolver.BaseResolver)["read_resolv_conf"]
            yield _in_place(resolver.BaseResolver, "read_resolv_conf", _reading(real))
            for module in (resolver, sys.modules.get("dns.asyncresolver")):
                if module is not None:
                    yield _in_place(module, "get_default_resolver", _default_resolver(module))

    def _trust_of_aiohttp(self, connector: ModuleType) -> Iterator[Substitution]:
        """The context that aiohttp makes when it is loaded trusts the machine's CAs alone."""
        kind, name = getattr(connector, "TCPConnector", None), "_get_ssl_context"
        machine_s = getattr(connector, "_SSL_CONTEXT_VERIFIED", None)
        if kind is None or name not in vars(kind) or machine_s is None:
            return
        real = vars(kind)[name]

        def _get_ssl_context(own: Any, request: Any) -> Any:
            found = real(own, request)
            return self._own_context(connector) if found is machine_s else found

        yield _in_place(kind, name, _get_ssl_context)

    def _own_context(self, connector: Any) -> Any:
        """What aiohttp would have made in this world.

        Made for the first request that needs it: reading a machine's CAs takes 20 ms, and most
        worlds have no such request.
        """
        anchors_file = os.environ.get("SSL_CERT_FILE")
        anchors = Path(anchors_file).read_bytes() if anchors_file else b""
        known, context = self._trusting
        if context is None or known != anchors:
            context = connector._make_ssl_context(True)  # noqa: SLF001
            self._trusting = anchors, context
        return context


def _in_place(owner: Any, name: str, fake: Any) -> Substitution:
    return Substitution(owner, name, fake, everywhere=False)


def _reading(real: Callable[[Any, Any], None]) -> Callable[[Any, Any], None]:
    def read_resolv_conf(resolver: Any, f: Any) -> None:
        """Of the running host."""
        host = HOST.get()
        if host is not None and f == RESOLV_CONF:
            f = io.StringIO(host.system.resolv_conf())
        real(resolver, f)

    return read_resolv_conf


def _default_resolver(module: ModuleType) -> Callable[[], Any]:
    """Each host has its own; ``default_resolver`` would be that of the first to ask."""
    real, resolvers = module.get_default_resolver, dict[Any, Any]()

    def get_default_resolver() -> Any:
        host = HOST.get()
        if host is None:
            return real()
        if host not in resolvers:
            resolvers[host] = module.Resolver()
        return resolvers[host]

    return get_default_resolver
