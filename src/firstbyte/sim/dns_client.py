"""The C library's part of a lookup: real DNS questions to the host's name servers.

dnspython's asyncio resolver does the work, unchanged, on the simulated network.
"""

import asyncio
import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import dns.asyncresolver

    from firstbyte.sim.hosts import Host

ATTEMPTS = 2
TIMEOUT_S = 5.0
"""resolv.conf(5)'s defaults: five seconds a server, twice round."""


async def addresses(host: "Host", name: str, families: tuple[int, ...]) -> list[str]:
    """Addresses of ``name``, IPv4 first.

    Raises ``gaierror``: EAI_NONAME, EAI_NODATA, or EAI_AGAIN when no server answers.
    """
    import dns.exception
    import dns.resolver

    resolver = _resolver(host)
    asked = [_ask(resolver, name, "A" if family == 4 else "AAAA") for family in families]
    try:
        found = [address for answer in await asyncio.gather(*asked) for address in answer]
    except dns.resolver.NXDOMAIN:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known") from None
    except dns.exception.DNSException:
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution") from None
    if not found:
        raise socket.gaierror(socket.EAI_NODATA, "No address associated with hostname")
    return found


def _resolver(host: "Host") -> "dns.asyncresolver.Resolver":
    import dns.asyncresolver
    import dns.name

    resolver = dns.asyncresolver.Resolver(configure=False)
    resolver.nameservers = list(host.nameservers)
    resolver.search = [dns.name.from_text(suffix) for suffix in host.search]
    resolver.ndots = host.ndots
    resolver.timeout = TIMEOUT_S
    resolver.lifetime = TIMEOUT_S * ATTEMPTS * max(1, len(host.nameservers))
    return resolver


async def _ask(resolver: "dns.asyncresolver.Resolver", name: str, rdtype: str) -> list[str]:
    answer = await resolver.resolve(
        name, rdtype, raise_on_no_answer=False, search=bool(resolver.search)
    )
    return [] if answer.rrset is None else [rdata.to_text() for rdata in answer.rrset]
