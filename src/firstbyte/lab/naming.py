"""The worlds' DNS: zones for root, top-level domain and sites, and the resolver that walks them."""

import socket
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from firstbyte.lab.sites import Site
from firstbyte.resolver.daemon.access import AccessList, RateLimiter
from firstbyte.resolver.daemon.config import driver_settings, from_mapping, machine_settings
from firstbyte.resolver.daemon.listeners import TcpListener, UdpListener, bind
from firstbyte.resolver.daemon.replies import Manners
from firstbyte.resolver.daemon.service import Rules, Service
from firstbyte.resolver.daemon.statistics import Statistics
from firstbyte.resolver.driver import Driver, SystemClock
from firstbyte.server.dns.serving import NameServer
from firstbyte.server.dns.zone import Zone
from firstbyte.server.dns.zone_set import ZoneSet
from firstbyte.server.dns.zonefile import parse_zone

TTL_S = 300
PORT = 53


@dataclass(frozen=True, slots=True)
class Server:
    """A name server: its name in the DNS, and its address."""

    name: str
    address: str


def make_zone(origin: str, server: Server, records: Iterable[str]) -> Zone:
    """A zone with one server; ``records`` are lines of a zone file with absolute names."""
    lines = [
        f"$ORIGIN {origin}",
        f"$TTL {TTL_S}",
        f"{origin} IN SOA {server.name} hostmaster.{server.name} 1 3600 600 86400 {TTL_S}",
        f"{origin} IN NS {server.name}",
        *records,
    ]
    return parse_zone("\n".join(lines) + "\n", origin, f"zone {origin}")


def delegation(origin: str, server: Server) -> list[str]:
    """What the parent says of a zone: its server, and where that is."""
    return [f"{origin} IN NS {server.name}", f"{server.name} IN A {server.address}"]


def site_records(site: Site) -> list[str]:
    """A site's addresses, and an HTTPS record where it speaks HTTP/3 (RFC 9460)."""
    lines = [f"{name}. IN A {site.address}" for name in site.names]
    if "h3" in site.versions:
        offered = ",".join(version for version in site.versions if version != "http/1.1")
        lines += [f"{name}. IN HTTPS 1 . alpn={offered}" for name in site.names]
    return lines


async def serve_zones(zones: Sequence[Zone], address: str) -> NameServer:
    """Start a name server on the host that runs this."""
    server = NameServer(ZoneSet(zones), (address, PORT))
    await server.start()
    return server


class RecursiveServer:
    """A resolver for others that walks from the world's root. ``start`` it on its host."""

    def __init__(self, address: str, root: Server, allows: Callable[[], Sequence[str]]) -> None:
        self._address = address
        self._root = root
        self._allows = allows

    async def start(self) -> None:
        """Begin to answer."""
        config = from_mapping(
            {
                "root_hints": [[self._root.name, self._root.address]],
                "special_use": False,
                "priming": False,
                "ipv6": False,
            }
        )
        clock = SystemClock()
        statistics = Statistics()
        driver = Driver(machine_settings(config), driver_settings(config), clock)
        access = AccessList(list(self._allows()))
        rules = Rules(access, RateLimiter(0), Manners(config.edns_buffer_size, config.ede, True))
        self.service = Service(driver, clock, rules, statistics)
        udp = bind((self._address, PORT), socket.SOCK_DGRAM, shared=False)
        self._udp = UdpListener(udp, self.service)
        self._tcp = TcpListener(self.service, config.max_tcp_connections, config.tcp_idle_timeout)
        await self._tcp.start(bind((self._address, PORT), socket.SOCK_STREAM, shared=False))
