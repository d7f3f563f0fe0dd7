"""The zones' server is far away."""

from firstbyte.lab.faults.fault import Fault
from firstbyte.lab.world import World


def _apply(world: World) -> None:
    host = world.internet.hosts["ns"]
    for link in world.internet.links:
        if any(port.node is host for port in link.ports):
            link.set(rtt_s=1.2)


FAULT = Fault("dns.slow", "The zones' server answers after 1.2 s", _apply)
