"""Signatures that do not fit the data: a zone was edited after it was signed."""

from firstbyte.server.dns.faults.fault import Fault, Order
from firstbyte.server.dns.faults.resigning import freeze
from firstbyte.server.dns.zone import Zone


def _change(zone: Zone, order: Order) -> None:
    freeze(zone, order)
    for rrset in order.signed_sets(zone):
        rrset.signatures = [old[:-1] + bytes((old[-1] ^ 0xFF,)) for old in rrset.signatures]


FAULT = Fault("broken-signatures", "Serves signatures that do not verify.", after_signing=_change)
