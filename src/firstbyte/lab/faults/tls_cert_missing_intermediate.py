"""Chains with a gap."""

from msgspec.structs import replace

from firstbyte.lab.authority import Wish
from firstbyte.lab.faults.fault import Fault
from firstbyte.lab.world import World


def _apply(world: World) -> None:
    world.sites = [
        replace(site, certificate=Wish(site.names, with_intermediate=False)) for site in world.sites
    ]


FAULT = Fault(
    "tls.cert.missing_intermediate", "The sites do not send the intermediate certificate", _apply
)
