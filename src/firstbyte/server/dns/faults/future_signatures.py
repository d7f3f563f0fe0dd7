"""Signatures whose time has not come: the signer's clock is wrong."""

from firstbyte.server.dns.faults.fault import Fault, Order
from firstbyte.server.dns.faults.resigning import freeze, sign_again
from firstbyte.server.dns.zone import Zone

MONTH_S = 30 * 86400
DAY_S = 86400


def _change(zone: Zone, order: Order) -> None:
    now_s = int(order.now_s)
    signer = zone.signer
    freeze(zone, order)
    zone.signer = signer
    sign_again(zone, order, now_s + DAY_S, now_s + MONTH_S)
    zone.signer = None


FAULT = Fault("future-signatures", "Serves signatures that begin in a day.", after_signing=_change)
