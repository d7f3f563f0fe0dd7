"""A secondary that missed transfers: its zone has an older serial."""

from firstbyte.errors import UsageError
from firstbyte.server.dns.faults.fault import Fault, Order
from firstbyte.server.dns.zone import Zone

_SERIAL_AT = slice(-20, -16)


def _change(zone: Zone, order: Order) -> None:
    if not order.concerns(zone.apex):
        return
    if order.value and not (order.value.isascii() and order.value.isdigit()):
        raise UsageError(f"stale-serial={order.value}: not a number")
    behind = int(order.value or "1")
    rdata = bytearray(zone.soa.rdatas[0])
    rdata[_SERIAL_AT] = (zone.serial - behind & 0xFFFFFFFF).to_bytes(4, "big")
    zone.soa.rdatas = (bytes(rdata),)


FAULT = Fault(
    "stale-serial",
    "Serves the zone under an older serial.",
    "how much older, 1 by default",
    before_signing=_change,
)
