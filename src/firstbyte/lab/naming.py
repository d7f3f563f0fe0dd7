"""The worlds' DNS: zones for root, top-level domain and sites, and the resolver that walks them."""

import socket
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any

from firstbyte.lab.sites import Site
from firstbyte.lab.zone_keys import ZoneKeys
from firstbyte.net import system
from firstbyte.resolver.daemon.access import AccessList, RateLimiter
from firstbyte.resolver.daemon.channel import Channel
from firstbyte.resolver.daemon.config import driver_settings, from_mapping, machine_settings
from firstbyte.resolver.daemon.listeners import UdpListener, bind
from firstbyte.resolver.daemon.replies import Manners
from firstbyte.resolver.daemon.service import Rules, Service
from firstbyte.resolver.daemon.statistics import Statistics
from firstbyte.resolver.daemon.streams import StreamLimits, StreamListener
from firstbyte.resolver.daemon.tcp import DnsConversation
from firstbyte.resolver.driver import Driver, SystemClock
from firstbyte.server.dns.delivery import Treatment
from firstbyte.server.dns.serving import NameServer
from firstbyte.server.dns.zone import Zone
from firstbyte.server.dns.zone_set import ZoneSet
from firstbyte.server.dns.zonefile import parse_zone

TTL_S = 300
PORT = 53


@dataclass(frozen=True, slots=True)
class Server:
    """A name server: its name in the DNS, and its addresses."""

    name: str
    addresses: tuple[str, ...]

    def records(self) -> list[str]:
        """Its addresses, as lines of a zone file."""
        return [address_record(self.name, address) for address in self.addresses]


def address_record(name: str, address: str) -> str:
    """An A or AAAA record, as a line of a zone file."""
    return f"{name} IN {'AAAA' if ':' in address else 'A'} {address}"


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
    return [f"{origin} IN NS {server.name}", *server.records()]


def site_records(site: Site) -> list[str]:
    """A site's addresses, and an HTTPS record where it speaks HTTP/3 (RFC 9460)."""
    lines = [
        address_record(f"{name}.", address) for name in site.names for address in site.addresses
    ]
    if "h3" in site.versions:
        offered = ",".join(version for version in site.versions if version != "http/1.1")
        lines += [f"{name}. IN HTTPS 1 . alpn={offered}" for name in site.names]
    return lines


def reverse_zones(names: Mapping[str, str]) -> dict[str, list[str]]:
    """The reverse zones of these addresses, with a PTR record each: a zone for each /24 or /32.

    ``names``: by address, absolute.
    """
    zones: dict[str, list[str]] = {}
    for address, name in names.items():
        pointer = ip_address(address).reverse_pointer + "."
        labels = pointer.split(".")
        origin = ".".join(labels[24:] if ":" in address else labels[1:])
        zones.setdefault(origin, []).append(f"{pointer} IN PTR {name}")
    return zones


@dataclass
class Served:
    """The zones of one server."""

    address: Server
    zones: Sequence[Zone]
    keys: ZoneKeys
    faults: list[str] = field(default_factory=list)
    """As ``firstbyte dns authoritative --fault`` writes them."""

    async def start(self) -> list[NameServer]:
        """Sign, break, and begin to answer on the host that runs this."""
        now_s = system.current().wall_time_s()
        treatments = self._sign(now_s)
        zones = ZoneSet(self.zones)
        servers = [
            NameServer(zones, (address, PORT), treatments=treatments)
            for address in self.address.addresses
        ]
        for server in servers:
            await server.start()
        return servers

    def _sign(self, now_s: float) -> list[Treatment]:
        if not self.faults:
            self.keys.sign(self.zones, now_s)
            return []
        from firstbyte.server.dns.faults import registry

        chosen = [registry.choose(text, now_s) for text in self.faults]
        registry.change(self.zones, chosen, before=True)
        self.keys.sign(self.zones, now_s)
        registry.change([zone for zone in self.zones if zone.signer], chosen, before=False)
        return registry.treatments(chosen)


@dataclass(frozen=True, slots=True)
class Habits:
    """How a resolver behaves: which networks it answers, and whether it validates.

    ``stub``: servers of zones that it asks directly, by the zones' names.
    """

    allows: Sequence[str] = ("0.0.0.0/0", "::/0")
    validates: bool = True
    stub: Mapping[str, str] = field(default_factory=dict)


class RecursiveServer:
    """A resolver for others that walks from the world's root. ``start`` it on its host.

    ``habits`` are looked up when it starts: faults may have changed them.
    """

    def __init__(
        self, addresses: Sequence[str], root: Server, habits: Callable[[], Habits]
    ) -> None:
        self._addresses = addresses
        self._root = root
        self._habits = habits

    async def start(self) -> None:
        """Begin to answer."""
        habits = self._habits()
        config = from_mapping(self._keys(habits))
        clock = SystemClock()
        statistics = Statistics()
        driver = Driver(machine_settings(config), driver_settings(config), clock)
        access = AccessList(list(habits.allows))
        rules = Rules(access, RateLimiter(0), Manners(config.edns_buffer_size, config.ede, True))
        self.service = Service(driver, clock, rules, statistics)
        self._udp = []
        limits = StreamLimits(config.max_tcp_connections, config.tcp_idle_timeout)
        tcp = StreamListener(self.service, Channel.TCP, DnsConversation, limits)
        self._tcp = tcp
        for address in self._addresses:
            udp = bind((address, PORT), socket.SOCK_DGRAM, shared=False)
            self._udp.append(UdpListener(udp, self.service))
            await tcp.start(bind((address, PORT), socket.SOCK_STREAM, shared=False))

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
