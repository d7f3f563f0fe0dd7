"""What worlds have in common: an exchange, the DNS from its root, an ISP's resolver, the sites.

::

    isp ── exchange ── near, shop, media, far: the sites
     │        └─────── root, tld, ns: the DNS, signed
    resolver

A world of its own is the way from a client to its ISP, and what stands on it.
"""

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from firstbyte.lab.authoritative import Served
from firstbyte.lab.authority import Authority
from firstbyte.lab.naming import (
    TTL_S,
    Server,
    address_record,
    delegation,
    make_zone,
    reverse_zones,
    site_records,
)
from firstbyte.lab.recursive import Habits, RecursiveServer
from firstbyte.lab.sites import Site
from firstbyte.lab.world import World
from firstbyte.lab.zone_keys import ZoneKeys
from firstbyte.protocols.dns.message import Record
from firstbyte.protocols.dns.names import to_text
from firstbyte.server.dns.records import name_server
from firstbyte.sim import Host, Internet
from firstbyte.sim.clock import DEFAULT_EPOCH_S

DEFAULT_URL = "https://shop.example/"
CORE_RTT_S = 0.001
RESOLVER_RTT_S = 0.001
HOME_ACCESS_RTT_S = 0.009
"""From the client of the default world to its ISP: sites' titles count from there."""

RESOLVER = ("203.0.113.53", "2001:db8:113::53")
ISP = ("203.0.113.1", "2001:db8:113::1")
EXCHANGE = ("192.0.2.254", "2001:db8:2::254")
ROOT = Server("a.root-servers.example.", ("192.0.2.1", "2001:db8:2::1"))
TLD = Server("a.nic.example.", ("192.0.2.2", "2001:db8:2::2"))
HOSTING = Server("ns.hosting.example.", ("192.0.2.3", "2001:db8:2::3"))
DNS_RTT_S = {"root": 0.030, "tld": 0.040, "ns": 0.050}
"""From the resolver."""
UNSIGNED = ("slow.example.",)
"""Zones without DNSSEC, so that their parents prove them insecure."""

BOTH = ("h2", "http/1.1")
H3 = ("h3", *BOTH)
H1 = ("http/1.1",)


def _near(name: str, last: int, versions: tuple[str, ...], title: str) -> Site:
    return _site(name, "near", last, versions, 0.020, f"Near, {title}", dual=True)


def _far(name: str, last: int, versions: tuple[str, ...], title: str) -> Site:
    return _site(name, "far", last, versions, 0.200, f"Far, {title}", dual=True)


def _site(
    name: str,
    host: str,
    last: int,
    versions: tuple[str, ...],
    rtt_s: float,
    title: str,
    *,
    dual: bool = False,
) -> Site:
    """A site at 198.51.100.``last``; a ``dual`` one has an IPv6 address that ends alike."""
    more = (f"2001:db8:51::{last}",) if dual else ()
    return Site(name, host, f"198.51.100.{last}", versions, rtt_s, title, more_addresses=more)


SITES = (
    _near("near.example", 20, BOTH, "20 ms"),
    _near("h1.near.example", 21, H1, "HTTP/1.1 alone"),
    _near("h3.near.example", 23, H3, "with HTTP/3"),
    replace(
        _site("shop.example", "shop", 80, BOTH, 0.080, "Shop, 80 ms"),
        aliases=("www.shop.example", "api.shop.example"),
    ),
    _site("h1.shop.example", "shop", 81, H1, 0.080, "Shop, HTTP/1.1 alone"),
    _site("h3.shop.example", "shop", 83, H3, 0.080, "Shop, with HTTP/3"),
    _far("far.example", 200, BOTH, "200 ms"),
    _far("h1.far.example", 201, H1, "HTTP/1.1 alone"),
    _far("h3.far.example", 203, H3, "with HTTP/3"),
    Site("six.example", "shop", "2001:db8:51::6", BOTH, 0.080, "IPv6 alone"),
    replace(
        _site("stream.example", "media", 90, BOTH, 0.080, "Ten lines in 1.8 s"), home="/stream"
    ),
    replace(_site("slow.example", "media", 91, BOTH, 0.080, "Thinks for 1.5 s"), home="/slow"),
)
"""Their times are those from the default world's client."""


class Access(Struct, frozen=True):
    """A client that has been linked to its ISP, with that round trip.

    ``isp`` is the host that the exchange is linked to.
    """

    client: Host
    isp: Host
    rtt_s: float
    resolver: Sequence[str] = RESOLVER
    resolver_rtt_s: float = RESOLVER_RTT_S
    """From the ISP."""


def build_backbone(name: str, title: str, access: Access) -> World:
    """The world of this access: not yet started."""
    internet = access.client.internet
    keys = ZoneKeys(internet.seed, UNSIGNED)
    internet.root_hints = tuple((ROOT.name, address) for address in ROOT.addresses)
    internet.dns_anchors = keys.anchors()
    exchange = router(internet, "exchange", *EXCHANGE)
    internet.link(access.isp, exchange, rtt_s=CORE_RTT_S)
    authority = Authority(DEFAULT_EPOCH_S, seed=internet.seed)
    world = World(name, title, internet, access.client, authority, DEFAULT_URL)
    _add_sites(world, exchange, access.rtt_s)
    resolver = server(internet, "resolver", access.resolver, (access.isp, access.resolver_rtt_s))
    _add_names(world, exchange, keys)

    def habits() -> Habits:
        return Habits(world.resolver_allows, world.resolver_validates)

    recursive = RecursiveServer(access.resolver, ROOT, habits)
    world.programs.append((resolver, recursive.start))
    return world


def router(internet: Internet, name: str, *addresses: str) -> Host:
    """A host that forwards, whose name only the DNS knows."""
    return internet.host(name, addresses=list(addresses), forwarding=True, named=False)


def server(
    internet: Internet, name: str, addresses: Sequence[str], link: tuple[Host, float]
) -> Host:
    """A host whose name only the DNS knows; ``link`` is where it is connected, and the RTT."""
    host = internet.host(name, addresses=list(addresses), named=False)
    internet.link(link[0], host, rtt_s=link[1])
    return host


def _add_sites(world: World, exchange: Host, access_rtt_s: float) -> None:
    core_s = HOME_ACCESS_RTT_S + CORE_RTT_S
    for name in dict.fromkeys(site.host for site in SITES):
        own = [site for site in SITES if site.host == name]
        addresses = [address for site in own for address in site.addresses]
        server(world.internet, name, addresses, (exchange, own[0].rtt_s - core_s))
    for site in SITES:
        world.add_site(replace(site, rtt_s=site.rtt_s - HOME_ACCESS_RTT_S + access_rtt_s))


def _add_names(world: World, exchange: Host, keys: ZoneKeys) -> None:
    for name, (address, zones) in _zones(world.internet).items():
        link = (exchange, DNS_RTT_S[name] - CORE_RTT_S - RESOLVER_RTT_S)
        host = server(world.internet, name, address.addresses, link)
        served = world.name_servers[name] = Served(
            address,
            [make_zone(origin, address, records) for origin, records in zones.items()],
            keys,
        )
        world.zones |= {to_text(zone.apex): zone for zone in served.zones}
        world.programs.append((host, served.start))


def _zones(internet: Internet) -> dict[str, tuple[Server, dict[str, list[Record]]]]:
    """By host: how it is called, and the records of its zones."""
    names = _host_names(internet)
    reverse = reverse_zones({address: name for name, owned in names.items() for address in owned})
    sites = _site_zones()
    sites["isp.example."] = [
        address_record(name, address)
        for name, owned in names.items()
        for address in owned
        if name.endswith(".isp.example.")
    ]
    own = [*ROOT.records(), *TLD.records()]
    return {
        "root": (
            ROOT,
            {".": [*delegation("example.", TLD), *delegation("arpa.", TLD), *ROOT.records()]},
        ),
        "tld": (
            TLD,
            {
                "example.": [*own, *(line for one in sites for line in delegation(one, HOSTING))],
                "arpa.": [name_server(one, HOSTING.name, TTL_S) for one in reverse],
            },
        ),
        "ns": (HOSTING, {**sites, **reverse}),
    }


def _host_names(internet: Internet) -> dict[str, list[str]]:
    """Addresses by the name that their PTR record gives."""
    names = {one.name: list(one.addresses) for one in (ROOT, TLD, HOSTING)}
    names |= {f"{site.name}.": list(site.addresses) for site in SITES}
    sites = {site.host for site in SITES}
    for host in internet.hosts.values():
        public = [address for address in host.addresses if _is_public(address)]
        if host.name not in sites and public:
            names[f"{host.name}.isp.example."] = public
    return names


def _is_public(address: str) -> bool:
    """Of the blocks for documentation, which are this internet's public ones."""
    blocks = ("192.0.2.", "198.51.100.", "203.0.113.", "2001:db8:")
    return address.startswith(blocks)


def _site_zones() -> dict[str, list[Record]]:
    """Zones by name: hosting.example, and one for each site's domain."""
    zones = {"hosting.example.": HOSTING.records()}
    for site in SITES:
        domain = ".".join(site.name.split(".")[-2:]) + "."
        zones.setdefault(domain, []).extend(site_records(site))
    return zones
