"""Which packets a link loses. A model is asked once for every packet, in their order."""

import copy
from collections.abc import Callable, Iterable
from random import Random
from typing import Protocol

from firstbyte.protocols.ip import Packet
from firstbyte.sim.checks import require_probability
from firstbyte.sim.frames import Unit, packet_of


class Loss(Protocol):
    """A model of loss."""

    def loses(self, packet: Unit, random: Random) -> bool:
        """Whether this packet, the next one on the link, is lost. ``random`` is the link's own."""


class NoLoss:
    """Loses nothing."""

    def loses(self, packet: Unit, random: Random) -> bool:  # noqa: ARG002
        """No."""
        return False


class RandomLoss:
    """Each packet is lost with the same probability, independently."""

    def __init__(self, probability: float) -> None:
        require_probability("loss", probability)
        self.probability = probability

    def loses(self, packet: Unit, random: Random) -> bool:  # noqa: ARG002
        """Throw the dice."""
        return random.random() < self.probability


class BurstyLoss:
    """Gilbert and Elliott's two states: a good one that loses little, a bad one that loses much.

    ``enter`` and ``leave`` are the probabilities, at each packet, to go from good to bad and
    back; a burst therefore lasts ``1 / leave`` packets on average, and
    ``enter / (enter + leave)`` of all packets meet the bad state.
    """

    def __init__(
        self, enter: float, leave: float, *, bad_loss: float = 1.0, good_loss: float = 0.0
    ) -> None:
        chances = {"enter": enter, "leave": leave, "bad_loss": bad_loss, "good_loss": good_loss}
        for name, chance in chances.items():
            require_probability(name, chance)
        self.enter = enter
        self.leave = leave
        self.bad_loss = bad_loss
        self.good_loss = good_loss
        self.bad = False

    def loses(self, packet: Unit, random: Random) -> bool:  # noqa: ARG002
        """Perhaps change state, then throw that state's dice."""
        if random.random() < (self.leave if self.bad else self.enter):
            self.bad = not self.bad
        return random.random() < (self.bad_loss if self.bad else self.good_loss)


class NthLoss:
    """Loses the packets with these numbers; the first one on the link (in a direction) is 1."""

    def __init__(self, numbers: Iterable[int]) -> None:
        self.numbers = frozenset(numbers)
        if any(number < 1 for number in self.numbers):
            raise ValueError(f"packets are counted from 1, so none is number {min(self.numbers)}")
        self._count = 0

    def loses(self, packet: Unit, random: Random) -> bool:  # noqa: ARG002
        """Count, and look it up."""
        self._count += 1
        return self._count in self.numbers


class ChosenLoss:
    """Loses the IP packets for which ``predicate`` is true."""

    def __init__(self, predicate: Callable[[Packet], bool]) -> None:
        self.predicate = predicate

    def loses(self, packet: Unit, random: Random) -> bool:  # noqa: ARG002
        """Ask the predicate; ARP is never lost."""
        found = packet_of(packet)
        return found is not None and self.predicate(found)


def make_loss(loss: "float | Loss") -> Loss:
    """A model of one direction's own, from a probability or from a model.

    Raises ``TypeError`` for anything else, ``ValueError`` for no probability.
    """
    if isinstance(loss, int | float):
        return RandomLoss(loss) if loss else NoLoss()
    if not hasattr(loss, "loses"):
        raise TypeError(f"loss is a probability or a model such as BurstyLoss, not {loss!r}")
    return copy.copy(loss)
