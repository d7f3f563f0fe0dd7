"""Referrals without the addresses that are needed to follow them."""

from firstbyte.protocols.dns import constants as dns
from firstbyte.server.dns.faults.fault import Fault, Order
from firstbyte.server.dns.zone import Zone


def _change(zone: Zone, order: Order) -> None:
    for name, node in zone.nodes.items():
        if order.concerns(name) and (not zone.is_authoritative(name) or name in zone.cuts):
            node.pop(dns.A, None)
            node.pop(dns.AAAA, None)


FAULT = Fault("missing-glue", "Has no glue for delegated zones.", before_signing=_change)
