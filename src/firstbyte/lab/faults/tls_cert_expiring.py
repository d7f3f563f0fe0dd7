"""Certificates that are almost over."""

from msgspec.structs import replace

from firstbyte.lab.authority import Wish
from firstbyte.lab.faults.fault import Fault
from firstbyte.lab.world import World


def _apply(world: World) -> None:
    world.sites = [replace(site, certificate=Wish(site.names, -87, 3)) for site in world.sites]


FAULT = Fault(
    "tls.cert.expiring",
    "The sites' certificates end in three days",
    _apply,
)
