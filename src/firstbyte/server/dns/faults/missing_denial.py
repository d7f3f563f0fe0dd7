"""Negative answers without their proof."""

from firstbyte.protocols.dns.message import RRset
from firstbyte.server.dns.faults.fault import Fault, Order
from firstbyte.server.dns.zone import Denial, Zone


class _Mute:
    """A chain that proves nothing."""

    def __init__(self, chain: Denial) -> None:
        self._chain = chain

    def no_name(self, name: bytes, encloser: bytes) -> list[RRset]:  # noqa: ARG002
        return []

    def no_data(self, name: bytes, encloser: bytes) -> list[RRset]:  # noqa: ARG002
        return []

    def no_closer(self, name: bytes, encloser: bytes) -> list[RRset]:  # noqa: ARG002
        return []

    def no_wildcard_data(self, name: bytes, encloser: bytes) -> list[RRset]:  # noqa: ARG002
        return []

    def at(self, name: bytes) -> RRset | None:
        return self._chain.at(name)

    def all(self) -> list[RRset]:
        return self._chain.all()


def _change(zone: Zone, order: Order) -> None:
    if zone.denial is not None and order.concerns(zone.apex):
        zone.denial = _Mute(zone.denial)


FAULT = Fault(
    "missing-denial", "Leaves NSEC and NSEC3 records out of answers.", after_signing=_change
)
