"""Certificates that nobody vouches for."""

from msgspec.structs import replace

from firstbyte.lab.authority import Wish
from firstbyte.lab.faults.fault import Fault
from firstbyte.lab.world import World


def _apply(world: World) -> None:
    world.sites = [
        replace(site, certificate=Wish(site.names, self_signed=True)) for site in world.sites
    ]


FAULT = Fault(
    "tls.cert.self_signed",
    "The sites' certificates are signed by themselves",
    _apply,
)
