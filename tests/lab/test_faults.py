"""Each fault, produced in the default world, is found by a trace under its own id."""

import pytest

from firstbyte.client.trace import trace
from firstbyte.diagnosis.registry import all_rules
from firstbyte.errors import UsageError
from firstbyte.lab.faults import all_faults, find_fault
from firstbyte.lab.worlds import build_world


@pytest.mark.parametrize("fault", all_faults().values(), ids=lambda fault: fault.id)
def test_a_trace_finds_the_fault(fault):
    world = build_world()
    fault.apply(world)
    with world:
        journey = world.run(trace(fault.url or world.default_url), limit_s=600)
    assert fault.id in {finding.id for finding in journey.findings}


@pytest.mark.parametrize("fault", all_faults().values(), ids=lambda fault: fault.id)
def test_a_healthy_world_has_none_of_it(fault):
    with build_world() as world:
        journey = world.run(trace(fault.url or world.default_url), limit_s=600)
    assert journey.outcome.ok
    assert fault.id not in {finding.id for finding in journey.findings}


def test_every_fault_has_a_finding():
    assert set(all_faults()) <= {rule.id for rule in all_rules()}


def test_an_unknown_fault_is_refused_with_a_hint():
    with pytest.raises(UsageError, match="nope") as caught:
        find_fault("nope")
    assert "lab break" in caught.value.hint
