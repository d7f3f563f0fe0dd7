"""What a lease changes on its host, and how it is taken back."""

from ipaddress import IPv4Network
from typing import TYPE_CHECKING

from firstbyte.protocols.dhcp.lease import Lease
from firstbyte.protocols.ip.addresses import ANY_V4
from firstbyte.protocols.ip.routing import Route

if TYPE_CHECKING:
    from firstbyte.sim.hosts import Host
    from firstbyte.sim.links import Port

METRIC = 100
"""Of the routes that it adds, as NetworkManager's."""
DEFAULT_ROUTE = "0.0.0.0/0"


class Configuration:
    """A lease in effect on an interface: address, routes, name servers, search list and MTU."""

    def __init__(self, host: "Host", port: "Port", lease: Lease) -> None:
        self._host = host
        self._port = port
        self._kernel = host.kernel
        self.lease = lease
        self._before = (list(host.nameservers), list(host.search))
        self._routes: list[Route] = []
        host.add_address(lease.cidr, port.name)
        host.rename()
        self._take_effect()

    def renew(self, lease: Lease) -> None:
        """The same address for longer; what came with it may have changed."""
        self._drop_routes()
        self.lease = lease
        self._take_effect()

    def end(self) -> None:
        """Take everything back; with a kernel that is gone, only what outlives it."""
        self._drop_routes()
        host = self._host
        host.nameservers, host.search = (list(one) for one in self._before)
        if self.lease.address in host.addresses:
            host.remove_address(self.lease.address)
        host.rename()
        self._set_mtu(self._port.mtu)

    def _take_effect(self) -> None:
        host, lease = self._host, self.lease
        for network, router in lease.routes or _defaults(lease):
            self._add_route(network, router)
        if lease.dns_servers:
            host.nameservers = list(lease.dns_servers)
        domains = [lease.domain] if lease.domain is not None else []
        host.search = list(lease.search) or domains or list(self._before[1])
        self._set_mtu(min(lease.mtu or self._port.mtu, self._port.mtu))

    def _add_route(self, network: str, router: str) -> None:
        """Routes whose router is not on the link lead nowhere, and are left out."""
        gateway = None if router == ANY_V4 else router
        subnet = IPv4Network(self.lease.cidr, strict=False)
        if gateway is not None and IPv4Network(f"{gateway}/32").network_address not in subnet:
            return
        added = self._kernel.stack.add_route(network, self._port.name, gateway, METRIC)
        self._routes.append(added)

    def _drop_routes(self) -> None:
        for route in self._routes:
            self._kernel.stack.discard_route(route)
        self._routes = []

    def _set_mtu(self, mtu: int) -> None:
        stack = self._kernel.stack
        if stack.interfaces[self._port.name].mtu != mtu:
            stack.interfaces[self._port.name].mtu = mtu
            stack.transmitter.changed()


def _defaults(lease: Lease) -> tuple[tuple[str, str], ...]:
    return tuple((DEFAULT_ROUTE, router) for router in lease.routers[:1])
