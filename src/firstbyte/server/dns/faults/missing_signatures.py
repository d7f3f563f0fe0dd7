"""Signatures that are not there: a middlebox, or a secondary, has lost them."""

from firstbyte.server.dns.faults.fault import Fault, Order
from firstbyte.server.dns.faults.resigning import freeze
from firstbyte.server.dns.zone import Zone


def _change(zone: Zone, order: Order) -> None:
    freeze(zone, order)
    for rrset in order.signed_sets(zone):
        rrset.signatures = ()


FAULT = Fault("missing-signatures", "Serves the zone without signatures.", after_signing=_change)
