"""Certificates that are over."""

from msgspec.structs import replace

from firstbyte.lab.authority import Wish
from firstbyte.lab.faults.fault import Fault
from firstbyte.lab.world import World


def _apply(world: World) -> None:
    world.sites = [replace(site, certificate=Wish(site.names, -90, -3)) for site in world.sites]


FAULT = Fault(
    "tls.cert.expired",
    "The sites' certificates expired three days ago",
    _apply,
)
