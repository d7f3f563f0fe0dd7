"""Every fuzz target lets its seeds and a few mutations through; ``make fuzz`` takes its time."""

import random
import warnings

import pytest
from fuzz.mutation import mutate
from fuzz.target import Target
from fuzz.targets import ALL


@pytest.mark.parametrize("target", ALL, ids=lambda target: target.name)
def test_a_few_inputs(target: Target) -> None:
    chance = random.Random(target.name)
    inputs = [*target.seeds, *(mutate(target.seeds, chance) for _ in range(25))]
    for data in inputs:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            try:
                target.run(data)
            except target.allowed:
                continue


@pytest.mark.parametrize("target", ALL, ids=lambda target: target.name)
def test_seeds_are_good_input(target: Target) -> None:
    """At least one seed is accepted: otherwise the target would only test refusals."""
    refused = 0
    for data in target.seeds:
        try:
            target.run(data)
        except target.allowed:
            refused += 1
    assert refused < len(target.seeds)
