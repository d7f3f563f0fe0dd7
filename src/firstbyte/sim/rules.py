"""A rule looks at one packet on one link, and answers: pass, delay, or drop."""

from collections.abc import Callable

from msgspec import Struct

from firstbyte.protocols.ip import Packet
from firstbyte.sim.frames import Unit, packet_of

NO_PACKET = Packet(None, b"")


class Transit(Struct, frozen=True):
    """Something about to cross a link: what, when (virtual seconds), and between whom."""

    unit: Unit
    """The packet itself, or on Ethernet the frame around it."""
    at_s: float
    sender: str
    receiver: str

    @property
    def packet(self) -> Packet:
        """The IP packet; for ARP an empty one, so that rules about packets need not ask."""
        return packet_of(self.unit) or NO_PACKET


class Verdict(Struct, frozen=True):
    """What becomes of the packet: dropped for ``drop`` (a reason), or ``delay_s`` later."""

    drop: str | None = None
    delay_s: float = 0.0


PASS = Verdict()
DROP = Verdict(drop="rule")


def delay(seconds: float) -> Verdict:
    """Let the packet pass ``seconds`` later; packets behind it may overtake it."""
    return Verdict(delay_s=seconds)


def drop(reason: str) -> Verdict:
    """Drop the packet; ``reason`` is what the events will say."""
    return Verdict(drop=reason)


Rule = Callable[[Transit], Verdict | None]
"""None means: pass. The first verdict of several rules that is not ``PASS`` decides."""
