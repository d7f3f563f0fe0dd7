"""All zones that a server has, and which of them a client sees: split horizon by subnet."""

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

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
        self.views: dict[Network, Zones] = {}
        for network, own in nearest_first:
            zones_of = self.views.setdefault(network, dict(self.default))
            zones_of.update({zone.apex: zone for zone in own})

    def visible(self, client: str) -> Zones:
        """The zones for a client at this address."""
        if not self.views:
            return self.default
        address = ip_address(client.partition("%")[0])
        network = self._network(getattr(address, "ipv4_mapped", None) or address)
        return self.default if network is None else self.views[network]

    def scope_bits(self, address: IPv4Address | IPv6Address) -> int:
        """How much of an address decides what it sees (RFC 7871, 7.2.1).

        As long as the longest view inside the network that it falls into, so that no cached answer
        for one view can cover another.
        """
        outer = self._network(address)
        own = [network for network in self.views if network.version == address.version]
        inside = [network.prefixlen for network in own if outer is None or _within(network, outer)]
        return max(inside, default=0)

    def _network(self, address: IPv4Address | IPv6Address) -> Network | None:
        """The nearest view's network."""
        for network in self.views:
            if address.version == network.version and address in network:
                return network
        return None

    def all(self) -> list[Zone]:
        """Every zone once."""
        found = {id(zone): zone for zone in self.default.values()}
        for zones in self.views.values():
            found |= {id(zone): zone for zone in zones.values()}
        return list(found.values())


def _within(inner: Network, outer: Network) -> bool:
    return inner.prefixlen >= outer.prefixlen and inner.network_address in outer


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
