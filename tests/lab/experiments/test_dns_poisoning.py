"""The odds of poisoning: measured by the resolver's own checks, computed by RFC 5452."""

import pytest

from firstbyte.lab.experiments.dns_poisoning.race import (
    DEFENCES,
    Attack,
    Defence,
    Measured,
    letters,
    run,
)
from firstbyte.lab.experiments.dns_poisoning.table import table
from firstbyte.rendering.look import Look

ATTACK = Attack(races=400)


@pytest.fixture(scope="module")
def result():
    return run(ATTACK, seed=3)


def test_what_is_computed_is_measured(result):
    assert [row.defence for row in result.rows] == list(DEFENCES)
    assert all(row.agrees for row in result.rows)
    assert all(row.forged == 400 * 200 for row in result.rows)


def test_each_defence_is_worth_its_bits(result):
    weak, fixed, port, case, proved = result.rows
    assert weak.poisoned == 400
    assert fixed.reached >= fixed.forged - fixed.poisoned * 200  # a race that is won ends
    assert port.reached < port.forged / 1000
    odds = [row.computed for row in result.rows]
    assert odds == sorted(odds, reverse=True)
    assert case.computed == pytest.approx(port.computed / 2 ** letters("www.bank.example."))
    assert (proved.computed, proved.poisoned) == (0.0, 0)
    assert proved.reached > 0


def test_random_ids_are_hit_as_often_as_they_should():
    """A smaller space shows what the large ones cannot in so few races."""
    many = run(Attack(packets_per_s=200_000, races=40), seed=5).rows[1]
    assert many.computed == pytest.approx(8000 / 65536)
    assert many.poisoned > 0
    assert many.agrees


def test_the_same_seed_gives_the_same(result):
    assert run(ATTACK, seed=3) == result


def test_how_long_an_attack_takes():
    sure = Measured(Defence("x"), 10, 10, 10, 10, 1.0)
    assert sure.half_s(ATTACK) == ATTACK.window_s
    assert Measured(Defence("x"), 10, 10, 10, 0, 0.0).half_s(ATTACK) is None
    half = Measured(Defence("x"), 10, 10, 10, 5, 0.5)
    assert half.half_s(ATTACK) == pytest.approx(ATTACK.window_s)


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("unicode", [True, False])
def test_the_table_keeps_its_width(result, width, unicode):
    lines = table(result, Look(width, unicode))
    assert max(line.cell_len for line in lines) <= width
    assert any("never" in line.plain for line in lines)
    assert unicode or all(line.plain.isascii() for line in lines)
