"""Nobody listens on the sites' ports."""

from firstbyte.lab.faults.fault import Fault
from firstbyte.lab.world import World


def _apply(world: World) -> None:
    world.change_sites(listening=False)


FAULT = Fault("tcp.refused", "Nothing listens: SYNs are answered with RST", _apply)
