"""A rule looks at one packet on one link, and answers: pass, delay, or drop."""

from collections.abc import Callable
from dataclasses import dataclass

from firstbyte.sim.frames import Unit


@dataclass(frozen=True, slots=True)
class Transit:
    """A packet (or frame) about to cross a link: when, in virtual seconds, and between whom."""

    packet: Unit
    at_s: float
    sender: str
    receiver: str


@dataclass(frozen=True, slots=True)
class Verdict:
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
