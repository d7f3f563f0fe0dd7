"""IPv6 packets to the sites vanish; IPv4 works."""

from firstbyte.lab.faults.fault import Fault
from firstbyte.lab.faults.packets import client_link, segment
from firstbyte.lab.world import World
from firstbyte.sim.frames import packet_of
from firstbyte.sim.rules import DROP, Transit, Verdict


def _drop(transit: Transit) -> Verdict | None:
    packet = packet_of(transit.packet)
    is_ipv6 = packet is not None and packet.ip is not None and packet.ip.version == 6
    return DROP if is_ipv6 and segment(transit) is not None else None


def _apply(world: World) -> None:
    client_link(world).rule(_drop)


FAULT = Fault("tcp.ipv6_broken", "TCP over IPv6 vanishes", _apply, url="https://near.example/")
