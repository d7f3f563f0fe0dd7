"""Models of loss."""

from random import Random

import pytest

from firstbyte.protocols.ip import Packet
from firstbyte.sim.losses import BurstyLoss, ChosenLoss, NthLoss, RandomLoss, make_loss

PACKET = Packet(None, b"x")


def outcomes(loss, count=20_000):
    random = Random(1)
    return [loss.loses(PACKET, random) for _ in range(count)]


@pytest.mark.parametrize("probability", [0.0, 0.01, 0.5, 1.0])
def test_random_loss_has_its_rate(probability):
    assert sum(outcomes(RandomLoss(probability))) / 20_000 == pytest.approx(probability, abs=0.01)


def test_impossible_probabilities_are_refused():
    with pytest.raises(ValueError, match="between 0 and 1"):
        RandomLoss(1.5)


def test_bursts_have_their_length_and_share():
    lost = outcomes(BurstyLoss(0.01, 0.25), 100_000)
    bursts = sum(now and not before for before, now in zip([False, *lost], lost, strict=False))
    assert sum(lost) / len(lost) == pytest.approx(0.01 / 0.26, rel=0.15)
    assert sum(lost) / bursts == pytest.approx(4, rel=0.15)


def test_numbered_packets_are_lost():
    assert outcomes(NthLoss([1, 4]), 5) == [True, False, False, True, False]


def test_chosen_packets_are_lost():
    assert outcomes(ChosenLoss(lambda packet: packet.transport == b"x"), 2) == [True, True]
    assert outcomes(ChosenLoss(lambda packet: packet.transport == b"y"), 2) == [False, False]


def test_a_number_is_a_probability():
    assert not any(outcomes(make_loss(0), 10))
    assert all(outcomes(make_loss(1), 10))
