"""UDP to port 443 is dropped on the way."""

from firstbyte.lab.faults.fault import Fault
from firstbyte.lab.faults.packets import client_link, datagram
from firstbyte.lab.world import World
from firstbyte.sim.rules import DROP, Transit, Verdict


def _block(transit: Transit) -> Verdict | None:
    found = datagram(transit)
    return DROP if found is not None and found.destination_port == 443 else None


def _apply(world: World) -> None:
    client_link(world).rule(_block)


FAULT = Fault("quic.blocked", "UDP port 443 is dropped", _apply, url="https://h3.shop.example/")
