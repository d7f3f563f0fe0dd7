"""The worlds' DNS as data: zones for the root, top-level domains, sites and addresses."""

from collections.abc import Iterable, Mapping
from ipaddress import ip_address

from msgspec import Struct

from firstbyte.lab.sites import Site
from firstbyte.protocols.dns.message import Record, group
from firstbyte.protocols.dns.names import from_text
from firstbyte.server.dns import records
from firstbyte.server.dns.zone import Zone
from firstbyte.server.dns.zone import make_zone as zone_of

PORT = 53
TTL_S = 300
TIMES_S = (3600, 600, 86400, TTL_S)
"""Of SOA records: refresh, retry, expire, and how long denials live."""


class Server(Struct, frozen=True):
    """A name server: its name in the DNS, and its addresses."""

    name: str
    addresses: tuple[str, ...]

    def records(self) -> list[Record]:
        """Its addresses."""
        return [address_record(self.name, address) for address in self.addresses]


def address_record(name: str, address: str) -> Record:
    """An A or AAAA record."""
    return records.address(name, address, TTL_S)


def make_zone(origin: str, server: Server, content: Iterable[Record]) -> Zone:
    """A zone with one server."""
    own = [
        records.authority(origin, server.name, TIMES_S, TTL_S),
        records.name_server(origin, server.name, TTL_S),
    ]
    return zone_of(from_text(origin), group([*own, *content]))


def delegation(origin: str, server: Server) -> list[Record]:
    """What the parent says of a zone: its server, and where that is."""
    return [records.name_server(origin, server.name, TTL_S), *server.records()]


def site_records(site: Site) -> list[Record]:
    """A site's addresses, and an HTTPS record where it speaks HTTP/3 (RFC 9460)."""
    names = [f"{name}." for name in site.names]
    found = [address_record(name, address) for name in names for address in site.addresses]
    if "h3" in site.versions:
        offered = [version for version in site.versions if version != "http/1.1"]
        found += [records.https(name, offered, TTL_S) for name in names]
    return found


def reverse_zones(names: Mapping[str, str]) -> dict[str, list[Record]]:
    """The reverse zones of these addresses, with a PTR record each: a zone for each /24 or /32.

    ``names``: by address, absolute.
    """
    zones: dict[str, list[Record]] = {}
    for address, name in names.items():
        owner = ip_address(address).reverse_pointer + "."
        labels = owner.split(".")
        origin = ".".join(labels[24:] if ":" in address else labels[1:])
        zones.setdefault(origin, []).append(records.pointer(owner, name, TTL_S))
    return zones
