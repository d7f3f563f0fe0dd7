"""Signatures whose time is over: the signer was forgotten."""

from firstbyte.server.dns.faults.fault import Fault, Order
from firstbyte.server.dns.faults.resigning import freeze, sign_again
from firstbyte.server.dns.zone import Zone

MONTH_S = 30 * 86400
ENDED_S = 2 * 86400
"""How long ago: unbound forgives up to a day (``val-sig-skew-max``)."""


def _change(zone: Zone, order: Order) -> None:
    now_s = int(order.now_s)
    signer = zone.signer
    freeze(zone, order)
    zone.signer = signer
    sign_again(zone, order, now_s - MONTH_S, now_s - ENDED_S)
    zone.signer = None


FAULT = Fault(
    "expired-signatures", "Serves signatures that ended two days ago.", after_signing=_change
)
