"""From a scenario to a world that has not started."""

from firstbyte.errors import UsageError
from firstbyte.lab.authoritative import Served
from firstbyte.lab.authority import Authority
from firstbyte.lab.naming import Server
from firstbyte.lab.recursive import Habits, RecursiveServer
from firstbyte.lab.scenario.model import FirewallTable, NatTable, Scenario, SiteTable
from firstbyte.lab.scenario.zone_text import read_zone
from firstbyte.lab.sites import Site
from firstbyte.lab.world import World
from firstbyte.lab.zone_keys import ZoneKeys
from firstbyte.server.dns.zone import Zone
from firstbyte.sim import Host, Internet
from firstbyte.sim.clock import DEFAULT_EPOCH_S
from firstbyte.sim.hosts import HostOptions
from firstbyte.sim.links import Link, Port
from firstbyte.sim.machines import (
    DhcpServer,
    Firewall,
    Middlebox,
    Nat,
    NatTimes,
    Policy,
    RouterAdvertiser,
)


def build_scenario(scenario: Scenario) -> World:
    """The world.

    Raises:
        UsageError: something is named that is not there, or a value is impossible.

    """
    internet = Internet(scenario.seed)
    try:
        _add_hosts(internet, scenario)
        _add_links(internet, scenario)
        _add_machines(internet, scenario)
    except ValueError as error:
        raise UsageError(str(error)) from error
    client = find_host(internet, scenario.programs[0].host) if scenario.programs else None
    if client is None:
        raise UsageError("a scenario has at least one program", "add a [[programs]] table")
    authority = Authority(DEFAULT_EPOCH_S, seed=scenario.seed)
    world = World("scenario", scenario.title, internet, client, authority, "")
    _add_names(world, scenario)
    for table in scenario.sites:
        world.add_site(_site(internet, table))
    return world


def find_host(internet: Internet, name: str) -> Host:
    """The host of that name.

    Raises:
        UsageError: there is none.

    """
    host = internet.hosts.get(name)
    if host is None:
        raise UsageError(f"no host is named {name!r}", f"hosts: {', '.join(internet.hosts)}")
    return host


def addresses_of(internet: Internet, name: str) -> tuple[str, ...]:
    """The addresses of the host of that name.

    Raises:
        UsageError: there is no such host, or it has none before it has asked for one.

    """
    host = find_host(internet, name)
    if not host.addresses:
        raise UsageError(f"the host {name!r} has no address of its own", "servers need one")
    return tuple(host.addresses)


def find_link(internet: Internet, names: tuple[str, str]) -> Link:
    """The link between two hosts.

    Raises:
        UsageError: there is none.

    """
    ends = {id(find_host(internet, name)) for name in names}
    for link in internet.links:
        if {id(port.node) for port in link.ports} == ends:
            return link
    raise UsageError(f"no link between {names[0]!r} and {names[1]!r}", "see [[links]]")


def _add_hosts(internet: Internet, scenario: Scenario) -> None:
    for name, table in scenario.hosts.items():
        options: HostOptions = {
            "nameservers": table.nameservers,
            "search": table.search,
            "environment": table.environment,
            "clock_offset_s": table.clock_offset_s,
            "forwarding": table.forwarding,
            "named": table.named,
            "dhcp": table.dhcp,
            "autoconf": table.autoconf,
        }
        if table.addresses is not None:
            options["addresses"] = table.addresses
        host = internet.host(name, **options)
        for site in scenario.sites:
            if site.host == name and not scenario.zones:
                internet.names[site.name] = list(host.addresses)


def _add_links(internet: Internet, scenario: Scenario) -> None:
    for table in scenario.links:
        one, two = (find_host(internet, name) for name in table.between)
        internet.link(one, two, **table.settings())


def _add_machines(internet: Internet, scenario: Scenario) -> None:
    for nat in scenario.nat:
        _add_nat(internet, nat)
    for dhcp in scenario.dhcp:
        DhcpServer(find_host(internet, dhcp.host), dhcp.settings())
    for advertiser in scenario.advertisers:
        host, port = _port_towards(internet, advertiser.host, advertiser.towards)
        RouterAdvertiser(host, port, advertiser.advertisement())
    for firewall in scenario.firewalls:
        _add_firewall(internet, firewall)
    for box in scenario.middleboxes:
        needles = [text.encode() for text in box.resets_on]
        Middlebox(find_host(internet, box.host), resets_on=needles, strips=box.strips)


def _port_towards(internet: Internet, name: str, neighbour: str) -> tuple[Host, Port]:
    """A host, and its interface on the link to a neighbour."""
    host = find_host(internet, name)
    link = find_link(internet, (name, neighbour))
    return host, next(port for port in link.ports if port.node is host)


def _add_nat(internet: Internet, table: NatTable) -> None:
    host, port = _port_towards(internet, table.host, table.towards)
    times = NatTimes(udp_s=table.udp_s, tcp_s=table.tcp_s)
    nat = Nat(host, port, table.address, times=times)
    for text in table.forward:
        protocol, outside, inside = (*text.split(), "", "", "")[:3]
        address, _, number = inside.rpartition(":")
        if not (outside.isdigit() and number.isdigit() and address):
            raise UsageError(f"nat forward {text!r}", "write: tcp 8080 192.168.1.10:80")
        nat.forward(protocol, int(outside), (address, int(number)))


def _add_firewall(internet: Internet, table: FirewallTable) -> None:
    rules = [
        Policy(rule.action, rule.protocol, rule.source, rule.target, rule.port)
        for rule in table.rules
    ]
    Firewall(
        find_host(internet, table.host),
        rules,
        default=table.default,
        stateful=table.stateful,
        idle_s=table.idle_s,
    )


def _add_names(world: World, scenario: Scenario) -> None:
    internet = world.internet
    keys = ZoneKeys(internet.seed, _unsigned(scenario))
    if "." in scenario.zones:
        internet.dns_anchors = keys.anchors()
        root = find_host(internet, scenario.zones["."].host)
        internet.root_hints = tuple(("ns.", address) for address in root.addresses)
    by_host: dict[str, list[Zone]] = {}
    for origin, table in scenario.zones.items():
        apex = _absolute(origin)
        name = f"ns.{apex}" if apex != "." else "ns."
        server = Server(name, addresses_of(internet, table.host))
        zone = read_zone(apex, server, table.records)
        by_host.setdefault(table.host, []).append(zone)
        world.zones[apex] = zone
    for name, zones in by_host.items():
        host = find_host(internet, name)
        served = world.name_servers[name] = Served(Server(name, tuple(host.addresses)), zones, keys)
        world.programs.append((host, served.start))
    for resolver in scenario.resolvers:
        _add_resolver(world, scenario, find_host(internet, resolver.host))


def _absolute(origin: str) -> str:
    return origin if origin.endswith(".") else origin + "."


def _unsigned(scenario: Scenario) -> list[str]:
    return [_absolute(origin) for origin, table in scenario.zones.items() if not table.signed]


def _add_resolver(world: World, scenario: Scenario, host: Host) -> None:
    if "." not in scenario.zones:
        raise UsageError("a resolver needs the root's zone", 'add [zones."."]')
    root = Server("ns.", addresses_of(world.internet, scenario.zones["."].host))
    recursive = RecursiveServer(host.addresses, root, Habits)
    world.programs.append((host, recursive.start))


def _site(internet: Internet, table: SiteTable) -> Site:
    return Site(
        table.name,
        table.host,
        addresses_of(internet, table.host)[0],
        table.versions,
        0.0,
        table.title,
        table.home,
    )
