"""Packets to the sites vanish."""

from firstbyte.lab.faults.fault import Fault
from firstbyte.lab.faults.packets import site_links
from firstbyte.lab.world import World


def _apply(world: World) -> None:
    for link in site_links(world):
        link.cut()


FAULT = Fault("tcp.timed_out", "Packets to the sites vanish, as a firewall drops them", _apply)
