"""A DS that fits no key of the child: a key was rolled, and the parent was not told."""

from firstbyte.protocols.dns import constants as dns
from firstbyte.server.dns.faults.fault import Fault, Order
from firstbyte.server.dns.zone import Zone


def _change(zone: Zone, order: Order) -> None:
    for name in zone.cuts:
        rrset = zone.nodes[name].get(dns.DS)
        if rrset is not None and order.concerns(name):
            rrset.rdatas = [old[:-1] + bytes((old[-1] ^ 0xFF,)) for old in rrset.rdatas]


FAULT = Fault(
    "wrong-ds", "Gives delegated zones DS records that fit no key.", before_signing=_change
)
