"""The default world: a home, an ISP, the DNS from its root, and sites near and far.

::

    client ── home ── isp ── exchange ── near (20 ms), shop, media (80 ms), far (200 ms)
                       │          └───── root, tld, ns: the DNS
                    resolver

The home router translates addresses: the internet sees 203.0.113.10. Times are round trips from
the client. No link loses packets or limits the rate, so every wait in a
trace is a round trip or a server's own time.
"""

from functools import partial

from firstbyte.lab.authority import Authority
from firstbyte.lab.naming import (
    RecursiveServer,
    Server,
    delegation,
    make_zone,
    serve_zones,
    site_records,
)
from firstbyte.lab.sites import Site
from firstbyte.lab.world import World
from firstbyte.protocols.dns.names import to_text
from firstbyte.sim import Host, Internet
from firstbyte.sim.clock import DEFAULT_EPOCH_S
from firstbyte.sim.machines import Nat

TITLE = "A home, an ISP, the DNS from its root, and sites at 20, 80 and 200 ms"
DEFAULT_URL = "https://shop.example/"

HOME_RTT_S = 0.001
ACCESS_RTT_S = 0.008
CORE_RTT_S = 0.001
TO_EXCHANGE_S = HOME_RTT_S + ACCESS_RTT_S + CORE_RTT_S

HOME_ADDRESS = "203.0.113.10"
RESOLVER = "203.0.113.53"
ROOT = Server("a.root-servers.example.", "192.0.2.1")
TLD = Server("a.nic.example.", "192.0.2.2")
HOSTING = Server("ns.hosting.example.", "192.0.2.3")
DNS_RTT_S = {"root": 0.030, "tld": 0.040, "ns": 0.050}
"""From the resolver."""

BOTH = ("h2", "http/1.1")
SITES = (
    Site("near.example", "near", "198.51.100.20", BOTH, 0.020, "Near, 20 ms"),
    Site("h1.near.example", "near", "198.51.100.21", ("http/1.1",), 0.020, "Near, HTTP/1.1 alone"),
    Site("h3.near.example", "near", "198.51.100.23", ("h3", *BOTH), 0.020, "Near, with HTTP/3"),
    Site(
        "shop.example",
        "shop",
        "198.51.100.80",
        BOTH,
        0.080,
        "Shop, 80 ms",
        aliases=("www.shop.example", "api.shop.example"),
    ),
    Site("h1.shop.example", "shop", "198.51.100.81", ("http/1.1",), 0.080, "Shop, HTTP/1.1 alone"),
    Site("h3.shop.example", "shop", "198.51.100.83", ("h3", *BOTH), 0.080, "Shop, with HTTP/3"),
    Site("far.example", "far", "198.51.100.200", BOTH, 0.200, "Far, 200 ms"),
    Site("h1.far.example", "far", "198.51.100.201", ("http/1.1",), 0.200, "Far, HTTP/1.1 alone"),
    Site("h3.far.example", "far", "198.51.100.203", ("h3", *BOTH), 0.200, "Far, with HTTP/3"),
    Site("stream.example", "media", "198.51.100.90", BOTH, 0.080, "Ten lines in 1.8 s", "/stream"),
    Site("slow.example", "media", "198.51.100.91", BOTH, 0.080, "Thinks for 1.5 s", "/slow"),
)


def build(seed: int) -> World:
    """The world, not yet started."""
    internet = Internet(seed)
    internet.root_hints = ((ROOT.name, ROOT.address),)
    client = internet.host("client", addresses=["192.168.1.10"], nameservers=[RESOLVER])
    exchange = _build_way(internet, client)
    authority = Authority(DEFAULT_EPOCH_S, seed=seed)
    world = World("default", TITLE, internet, client, authority, DEFAULT_URL)
    _add_names(world, exchange)
    _add_sites(world, exchange)
    return world


def _build_way(internet: Internet, client: Host) -> Host:
    """From the client to the exchange, which it gives."""
    home = _router(internet, "home", "192.168.1.1", HOME_ADDRESS)
    isp = _router(internet, "isp", "203.0.113.1")
    exchange = _router(internet, "exchange", "192.0.2.254")
    internet.link(client, home, rtt_s=HOME_RTT_S)
    access = internet.link(home, isp, rtt_s=ACCESS_RTT_S)
    Nat(home, access.ports[0], HOME_ADDRESS)
    internet.link(isp, exchange, rtt_s=CORE_RTT_S)
    return exchange


def _router(internet: Internet, name: str, *addresses: str) -> Host:
    return internet.host(name, addresses=list(addresses), forwarding=True, named=False)


def _server(internet: Internet, name: str, addresses: list[str], link: tuple[Host, float]) -> Host:
    """A host whose name only the DNS knows; ``link`` is where it is connected, and the RTT."""
    host = internet.host(name, addresses=addresses, named=False)
    internet.link(link[0], host, rtt_s=link[1])
    return host


def _add_names(world: World, exchange: Host) -> None:
    internet = world.internet
    resolver = _server(internet, "resolver", [RESOLVER], (internet.hosts["isp"], 0.001))
    zones = {
        "root": [
            make_zone(".", ROOT, [*delegation("example.", TLD), f"{ROOT.name} IN A {ROOT.address}"])
        ],
        "tld": [make_zone("example.", TLD, _tld_records())],
        "ns": [make_zone(origin, HOSTING, records) for origin, records in _site_zones().items()],
    }
    addresses = {"root": ROOT.address, "tld": TLD.address, "ns": HOSTING.address}
    for name, rtt_s in DNS_RTT_S.items():
        link = (exchange, rtt_s - CORE_RTT_S - 0.001)
        host = _server(internet, name, [addresses[name]], link)
        world.programs.append((host, partial(serve_zones, zones[name], addresses[name])))
        world.zones |= {to_text(zone.apex): zone for zone in zones[name]}
    recursive = RecursiveServer(RESOLVER, ROOT, lambda: world.resolver_allows)
    world.programs.append((resolver, recursive.start))


def _tld_records() -> list[str]:
    own = [f"{server.name} IN A {server.address}" for server in (ROOT, TLD)]
    return own + [line for origin in _site_zones() for line in delegation(origin, HOSTING)]


def _site_zones() -> dict[str, list[str]]:
    """Zones by name: hosting.example, and one for each site's domain."""
    zones = {"hosting.example.": [f"{HOSTING.name} IN A {HOSTING.address}"]}
    for site in SITES:
        domain = ".".join(site.name.split(".")[-2:]) + "."
        zones.setdefault(domain, []).extend(site_records(site))
    return zones


def _add_sites(world: World, exchange: Host) -> None:
    for name in dict.fromkeys(site.host for site in SITES):
        own = [site for site in SITES if site.host == name]
        addresses = [site.address for site in own]
        link = (exchange, own[0].rtt_s - TO_EXCHANGE_S)
        _server(world.internet, name, addresses, link)
    for site in SITES:
        world.add_site(site)
