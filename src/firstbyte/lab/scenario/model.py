"""What a scenario file may say: every table and key, with its default. Times are in seconds."""

import re
import tomllib
from ipaddress import IPv6Network
from pathlib import Path
from typing import Any, Literal, get_args

import msgspec
from msgspec import Struct, field
from msgspec.structs import fields

from firstbyte.errors import UsageError, did_you_mean
from firstbyte.protocols.dhcp.server import ServerSettings as DhcpSettings
from firstbyte.protocols.ip.router_discovery import Prefix, RouterAdvertisement
from firstbyte.sim.losses import BurstyLoss, NthLoss


class HostTable(Struct, frozen=True, forbid_unknown_fields=True):
    """``[hosts.NAME]``. Without addresses the host gets the next one of 10.0.0.0/8."""

    addresses: list[str] | None = None
    dhcp: bool = False
    """Ask for the address on the first link; programs wait until there is one."""
    autoconf: bool = False
    """Make IPv6 addresses of what routers advertise on the first link."""
    nameservers: list[str] = []
    search: list[str] = []
    environment: dict[str, str] = {}
    clock_offset_s: float = 0.0
    forwarding: bool = False
    named: bool = True
    """Whether the name resolves everywhere without the DNS."""


class BurstTable(Struct, frozen=True, forbid_unknown_fields=True):
    """A link's ``burst``: loss that comes in bursts (``firstbyte.sim.losses.BurstyLoss``)."""

    enter: float
    leave: float
    bad_loss: float = 1.0
    good_loss: float = 0.0


class LinkTable(Struct, frozen=True, forbid_unknown_fields=True):
    """``[[links]]``: between two hosts; the keys are those of ``Internet.link``, both ways."""

    between: tuple[str, str]
    rtt_s: float | None = None
    delay_s: float | None = None
    jitter_s: float | None = None
    rate_bps: float | None = None
    loss: float | None = None
    queue_bytes: int | None = None
    queue: Literal["drop_tail", "codel"] | None = None
    mtu: int | None = None
    duplicate: float | None = None
    reorder: float | None = None
    corrupt: float | None = None
    lose: list[int] | None = None
    """Instead of ``loss``: the packets with these numbers are lost, in either direction."""
    burst: BurstTable | None = None
    """Instead of ``loss``: losses come in bursts."""

    def settings(self) -> dict[str, Any]:
        """What was given, as the link's settings.

        Raises:
            UsageError: more than one kind of loss.

        """
        given = {name: getattr(self, name) for name in self.__struct_fields__[1:]}
        chosen = {name: value for name, value in given.items() if value is not None}
        losses = [name for name in ("loss", "lose", "burst") if name in chosen]
        if len(losses) > 1:
            raise UsageError(f"a link with {' and '.join(losses)}", "give one kind of loss")
        numbers, burst = chosen.pop("lose", None), chosen.pop("burst", None)
        if numbers is not None:
            chosen["loss"] = NthLoss(numbers)
        if burst is not None:
            chosen["loss"] = BurstyLoss(
                burst.enter, burst.leave, bad_loss=burst.bad_loss, good_loss=burst.good_loss
            )
        return chosen


class ZoneTable(Struct, frozen=True, forbid_unknown_fields=True):
    """``[zones."NAME."]``: served by ``host``; ``records`` are lines of a zone file."""

    host: str
    records: list[str] = []
    signed: bool = False
    """By DNSSEC, with keys from the seed; a signed root's key is what resolvers trust."""


class ResolverTable(Struct, frozen=True, forbid_unknown_fields=True):
    """``[[resolvers]]``: a resolver on ``host`` that starts from the zone "." of the scenario."""

    host: str


class SiteTable(Struct, frozen=True, forbid_unknown_fields=True):
    """``[[sites]]``: HTTPS, HTTP that redirects there, and QUIC where versions hold h3."""

    name: str
    host: str
    versions: tuple[Literal["h3", "h2", "http/1.1"], ...] = ("h2", "http/1.1")
    title: str = "A site"
    home: str = "/"


class NatTable(Struct, frozen=True, forbid_unknown_fields=True):
    """``[[nat]]``: on ``host``, for what leaves towards ``towards`` (a host that it links to)."""

    host: str
    towards: str
    address: str
    udp_s: float = 300.0
    tcp_s: float = 7440.0
    forward: list[str] = []
    """``tcp 8080 192.168.1.10:80``."""


class DhcpTable(Struct, frozen=True, forbid_unknown_fields=True):
    """``[[dhcp]]``: a server on ``host``, for the link on which ``address`` is."""

    host: str
    address: str
    """The host's own, with its prefix length: ``192.168.1.1/24``."""
    first: str
    last: str
    lease_s: int = 86_400
    routers: list[str] | None = None
    dns_servers: list[str] = []
    domain: str | None = None
    search: list[str] = []
    mtu: int | None = None
    reserved: dict[str, str] = {}
    """MAC → address."""

    def settings(self) -> DhcpSettings:
        """What the server is told.

        Raises:
            UsageError: a value is impossible.

        """
        return DhcpSettings(
            address=self.address,
            first=self.first,
            last=self.last,
            lease_s=self.lease_s,
            routers=None if self.routers is None else tuple(self.routers),
            dns_servers=tuple(self.dns_servers),
            domain=self.domain,
            search=tuple(self.search),
            mtu=self.mtu,
            reserved=self.reserved,
        )


class AdvertiserTable(Struct, frozen=True, forbid_unknown_fields=True):
    """``[[advertisers]]``: ``host`` is a router for IPv6 on its link to ``towards``."""

    host: str
    towards: str
    prefixes: list[str]
    """Networks of 64 bits: ``2001:db8:1::/64``."""
    lifetime_s: int = 1800
    valid_s: int = 2_592_000
    preferred_s: int = 604_800
    dns_servers: list[str] = []
    search: list[str] = []
    mtu: int | None = None

    def advertisement(self) -> RouterAdvertisement:
        """What the router says.

        Raises:
            UsageError: a prefix is none.

        """
        try:
            networks = [IPv6Network(text) for text in self.prefixes]
        except ValueError as error:
            raise UsageError(f"advertisers: {error}", "write: 2001:db8:1::/64") from error
        lifetimes = (self.valid_s, self.preferred_s)
        return RouterAdvertisement(
            lifetime_s=self.lifetime_s,
            prefixes=tuple(
                Prefix(str(one.network_address), one.prefixlen, *lifetimes) for one in networks
            ),
            dns_servers=tuple(self.dns_servers),
            search=tuple(self.search),
            mtu=self.mtu,
        )


class PolicyTable(Struct, frozen=True, forbid_unknown_fields=True):
    """A firewall's rule."""

    action: Literal["accept", "drop", "reject", "reset"]
    protocol: Literal["tcp", "udp", "icmp"] | None = None
    source: str | None = None
    target: str | None = None
    port: int | None = None


class FirewallTable(Struct, frozen=True, forbid_unknown_fields=True):
    """``[[firewalls]]``: on a host that forwards."""

    host: str
    rules: list[PolicyTable] = []
    default: Literal["accept", "drop", "reject", "reset"] = "accept"
    stateful: bool = False
    idle_s: float = 3600.0


class MiddleboxTable(Struct, frozen=True, forbid_unknown_fields=True):
    """``[[middleboxes]]``: on a host that forwards."""

    host: str
    resets_on: list[str] = []
    strips: list[str] = []


class FaultTable(Struct, frozen=True, forbid_unknown_fields=True):
    """``[[faults]]``: what happens at ``at_s``, to a ``host`` or to a ``link`` (its two hosts)."""

    action: Literal[
        "crash", "restart", "pause", "resume", "partition", "heal", "cut", "mend", "change"
    ]
    at_s: float = 0.0
    host: str | None = None
    link: tuple[str, str] | None = None
    settings: dict[str, Any] = {}
    """For "change": new settings of the link."""


class ProgramTable(Struct, frozen=True, forbid_unknown_fields=True):
    """``[[programs]]``: ``run`` is ``module:function``; it is called with ``arguments``."""

    host: str
    run: str
    name: str | None = None
    at_s: float = 0.0
    arguments: list[Any] = []
    background: bool = False
    """A server: the scenario does not wait for it."""
    expect: str | None = None
    """The name of the exception that it is to end with."""


class Scenario(Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    hosts: dict[str, HostTable]
    programs: list[ProgramTable]
    title: str = ""
    seed: int = 0
    limit_s: float = 3600.0
    """At most so much virtual time."""
    links: list[LinkTable] = []
    zones: dict[str, ZoneTable] = field(default_factory=dict)
    resolvers: list[ResolverTable] = []
    sites: list[SiteTable] = []
    nat: list[NatTable] = []
    dhcp: list[DhcpTable] = []
    advertisers: list[AdvertiserTable] = []
    firewalls: list[FirewallTable] = []
    middleboxes: list[MiddleboxTable] = []
    faults: list[FaultTable] = []


TABLES = (
    Scenario,
    HostTable,
    LinkTable,
    BurstTable,
    ZoneTable,
    ResolverTable,
    SiteTable,
    NatTable,
    DhcpTable,
    AdvertiserTable,
    PolicyTable,
    FirewallTable,
    MiddleboxTable,
    FaultTable,
    ProgramTable,
)


def read_scenario(path: Path) -> Scenario:
    """The scenario in a file.

    Raises:
        UsageError: it cannot be read, is no TOML, or says what no scenario may say.

    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read the scenario {path}: {error}") from error
    return parse_scenario(text, str(path))


def parse_scenario(text: str, source: str = "scenario") -> Scenario:
    """The scenario in a TOML text; ``source`` is how errors call it.

    Raises:
        UsageError: as ``read_scenario``.

    """
    try:
        return msgspec.convert(tomllib.loads(text), Scenario)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{source}: {error}", "the format is TOML") from error
    except msgspec.ValidationError as error:
        raise UsageError(f"{source}: {error}", _hint(str(error))) from error


def _table_of(message: str) -> type[Struct]:
    """The table that a message is about: it ends with `$.firewalls[0].rules[1]`, or nowhere."""
    place = re.search(r"at `\$([^`]*)`$", message)
    table: type[Struct] = Scenario
    for key in re.findall(r"[a-z_]+", place[1]) if place else ():
        kinds = {item.name: (item.type, *get_args(item.type)) for item in fields(table)}
        structs = [kind for kind in kinds.get(key, ()) if _is_struct(kind)]
        table = structs[0] if structs else table
    return table


def _is_struct(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, Struct)


def _hint(message: str) -> str:
    found = re.search(r"unknown field `(.*?)`", message)
    if found is None:
        return "docs/reference/scenario.md lists every key"
    known = sorted(_table_of(message).__struct_fields__)
    return did_you_mean(found[1], known, f"known keys: {', '.join(known)}")
