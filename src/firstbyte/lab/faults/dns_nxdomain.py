"""The names are not in the DNS."""

from firstbyte.lab.faults.fault import Fault
from firstbyte.lab.world import World


def _apply(world: World) -> None:
    """Take the sites' domains out of the top-level domain."""
    parent = world.zones["example."]
    for zone in world.zones.values():
        if zone.apex in parent.cuts:
            parent.cuts.discard(zone.apex)
            for name in [name for name in parent.nodes if name.endswith(zone.apex)]:
                del parent.nodes[name]


FAULT = Fault("dns.nxdomain", "The sites' names do not exist", _apply)
