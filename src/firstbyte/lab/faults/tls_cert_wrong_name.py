"""Certificates for another name."""

from msgspec.structs import replace

from firstbyte.lab.authority import Wish
from firstbyte.lab.faults.fault import Fault
from firstbyte.lab.world import World


def _apply(world: World) -> None:
    world.sites = [replace(site, certificate=Wish(("other.example",))) for site in world.sites]


FAULT = Fault(
    "tls.cert.wrong_name",
    "The certificates are for another name",
    _apply,
)
