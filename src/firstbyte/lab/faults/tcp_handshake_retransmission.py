"""The first SYN of each connection is lost."""

from firstbyte.lab.faults.fault import Fault
from firstbyte.lab.faults.packets import client_link, segment
from firstbyte.lab.world import World
from firstbyte.protocols.tcp.segment import ACK, SYN
from firstbyte.sim.rules import DROP, Transit, Verdict


def _apply(world: World) -> None:
    def lose(transit: Transit) -> Verdict | None:
        found = segment(transit)
        first = found is not None and found.flags & (SYN | ACK) == SYN and not found.retransmission
        return DROP if first else None

    client_link(world).rule(lose)


FAULT = Fault("tcp.handshake_retransmission", "The first SYN is lost", _apply)
