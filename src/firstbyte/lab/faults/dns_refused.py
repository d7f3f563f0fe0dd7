"""The resolver does not serve this client."""

from firstbyte.lab.faults.fault import Fault
from firstbyte.lab.world import World


def _apply(world: World) -> None:
    world.resolver_allows = ()


FAULT = Fault("dns.refused", "The resolver refuses the client", _apply)
