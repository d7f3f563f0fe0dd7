"""Glue that leads nowhere: the parent was not told of new addresses."""

from ipaddress import IPv4Address, IPv6Address, ip_address

from firstbyte.errors import UsageError
from firstbyte.protocols.dns import constants as dns
from firstbyte.server.dns.faults.fault import Fault, Order
from firstbyte.server.dns.zone import Zone

DEFAULT_V4 = IPv4Address("192.0.2.66")
DEFAULT_V6 = IPv6Address("2001:db8::66")


def _change(zone: Zone, order: Order) -> None:
    try:
        given = ip_address(order.value) if order.value else DEFAULT_V4
    except ValueError as error:
        raise UsageError(f"wrong-glue={order.value}: not an address") from error
    v4, v6 = (given, DEFAULT_V6) if given.version == 4 else (DEFAULT_V4, given)
    for name, node in zone.nodes.items():
        if order.concerns(name) and (not zone.is_authoritative(name) or name in zone.cuts):
            for rdtype, wrong in ((dns.A, v4), (dns.AAAA, v6)):
                if rdtype in node:
                    node[rdtype].rdatas = [wrong.packed]


FAULT = Fault(
    "wrong-glue",
    "Gives another address for the servers of delegated zones.",
    "the address",
    before_signing=_change,
)
