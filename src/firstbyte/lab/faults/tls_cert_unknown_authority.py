"""Certificates of an authority that the client does not know."""

from firstbyte.lab.authority import Authority
from firstbyte.lab.faults.fault import Fault
from firstbyte.lab.world import World
from firstbyte.sim.clock import NS_PER_S


def _apply(world: World) -> None:
    stranger = Authority(world.internet.clock.epoch_ns / NS_PER_S, "Unknown")
    world.change_sites(authority=stranger)


FAULT = Fault(
    "tls.cert.unknown_authority",
    "An unknown CA issued the certificates",
    _apply,
)
