"""All zones that a server has, and which of them a client sees: split horizon by subnet."""

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address

from firstbyte.protocols.dns import constants as dns
from firstbyte.protocols.dns.names import ancestors, parent
from firstbyte.server.dns.zone import Zone

Network = IPv4Network | IPv6Network
Zones = dict[bytes, Zone]


class ZoneSet:
    """``zones`` for everybody; each view's zones stand in front of them for its clients."""

    def __init__(
        self, zones: Iterable[Zone], views: Sequence[tuple[Network, Iterable[Zone]]] = ()
    ) -> None:
        self.default: Zones = {zone.apex: zone for zone in zones}
        nearest_first = sorted(views, key=lambda view: view[0].prefixlen, reverse=True)
        self.views: list[tuple[Network, Zones]] = [
            (network, self.default | {zone.apex: zone for zone in own})
            for network, own in nearest_first
        ]

    def visible(self, client: str) -> Zones:
        """The zones for a client at this address."""
        if not self.views:
            return self.default
        address = ip_address(client.partition("%")[0])
        mapped = getattr(address, "ipv4_mapped", None)
        address = mapped or address
        for network, zones in self.views:
            if address.version == network.version and address in network:
                return zones
        return self.default

    def all(self) -> list[Zone]:
        """Every zone once."""
        found = {id(zone): zone for zone in self.default.values()}
        for _, zones in self.views:
            found |= {id(zone): zone for zone in zones.values()}
        return list(found.values())


def closest(zones: Zones, name: bytes, rdtype: int) -> Zone | None:
    """The zone that answers for ``name``: a DS is the parent's, where the parent is here, too."""
    found = _closest(zones, name)
    if rdtype == dns.DS and found is not None and found.apex == name and len(name) > 1:
        return _closest(zones, parent(name)) or found
    return found


def _closest(zones: Zones, name: bytes) -> Zone | None:
    for above in ancestors(name):
        zone = zones.get(above)
        if zone is not None:
            return zone
    return None
