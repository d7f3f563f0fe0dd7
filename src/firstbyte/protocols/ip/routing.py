"""Routes: the longest prefix wins, then the lowest metric."""

from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from msgspec import Struct

from firstbyte.errors import UsageError

Network = IPv4Network | IPv6Network


class Route(Struct, frozen=True):
    """Packets for ``network`` leave by ``interface``: to ``gateway``, or straight (on-link)."""

    network: Network
    interface: str
    gateway: str | None = None
    metric: int = 0
    source: str | None = None
    """The local address to prefer for packets that start here."""


class RoutingTable:
    """All routes of a host. ``generation`` changes whenever an answer may have changed."""

    def __init__(self) -> None:
        self.routes: list[Route] = []
        self.generation = 0
        self._found: dict[str, Route | None] = {}

    def add(self, route: Route) -> None:
        """Add a route; of equal ones the earlier one wins."""
        self.routes.append(route)
        self.routes.sort(key=lambda r: (-r.network.prefixlen, r.metric))
        self.touch()

    def remove(self, network: str, interface: str | None = None) -> None:
        """Remove the routes to exactly ``network`` (by one interface, or by any)."""
        gone = parse_network(network)
        keep = [
            r
            for r in self.routes
            if r.network != gone or (interface is not None and r.interface != interface)
        ]
        if len(keep) == len(self.routes):
            raise UsageError(f"there is no route to {network}")
        self.routes = keep
        self.touch()

    def discard(self, route: Route) -> None:
        """Remove this very route, if it is still there; equal ones of others stay."""
        self.routes = [one for one in self.routes if one is not route]
        self.touch()

    def lookup(self, destination: str) -> Route | None:
        """The route for an address, or ``None``."""
        try:
            return self._found[destination]
        except KeyError:
            if len(self._found) > 65_536:
                self._found.clear()
            route = self._found[destination] = self._search(destination)
            return route

    def _search(self, destination: str) -> Route | None:
        address = ip_address(destination)
        return next((r for r in self.routes if address in r.network), None)

    def touch(self) -> None:
        """An answer may have changed."""
        self._found.clear()
        self.generation += 1


def parse_network(text: str) -> Network:
    """A network from "192.0.2.0/24". Raises :class:`UsageError`."""
    try:
        return ip_network(text, strict=False)
    except ValueError as error:
        raise UsageError(f"{text!r} is not a network") from error
