"""The resolver never answers."""

from firstbyte.lab.faults.fault import Fault
from firstbyte.lab.world import World


def _apply(world: World) -> None:
    world.internet.hosts["resolver"].partition()


FAULT = Fault("dns.silent", "The resolver does not answer", _apply)
