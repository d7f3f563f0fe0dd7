"""Certificates that are not valid yet."""

from msgspec.structs import replace

from firstbyte.lab.authority import Wish
from firstbyte.lab.faults.fault import Fault
from firstbyte.lab.world import World


def _apply(world: World) -> None:
    world.sites = [replace(site, certificate=Wish(site.names, 1, 90)) for site in world.sites]


FAULT = Fault(
    "tls.cert.not_yet_valid",
    "The sites' certificates begin tomorrow",
    _apply,
)
