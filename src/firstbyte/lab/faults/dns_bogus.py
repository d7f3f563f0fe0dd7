"""The signatures of the sites' zones have run out, and the resolver looks."""

from firstbyte.lab.faults.fault import Fault
from firstbyte.lab.world import World


def _apply(world: World) -> None:
    world.name_servers["ns"].faults.append("expired-signatures")
    world.resolver_validates = True


FAULT = Fault("dns.bogus", "The zones' signatures ended yesterday; the resolver validates", _apply)
