import asyncio

import pytest

from diagnosis import private_faults, real_zone_faults  # noqa: F401 - their faults register
from diagnosis.real_faults import FAULTS, Bed, Fault
from firstbyte.diagnosis.registry import all_rules
from firstbyte.journey.model import Journey
from testbed.pki import Pki


@pytest.fixture(scope="module")
def bed(tmp_path_factory: pytest.TempPathFactory) -> Bed:
    directory = tmp_path_factory.mktemp("faults")
    return Bed(Pki(directory), directory)


def produce(fault: Fault, bed: Bed) -> Journey:
    async def bounded() -> Journey:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _loop, _context: None)  # the peers break on purpose
        async with asyncio.timeout(40):
            return await fault(bed)

    return asyncio.run(bounded())


def test_every_rule_has_a_fault() -> None:
    assert sorted(FAULTS) == [rule.id for rule in all_rules()]


@pytest.mark.parametrize("finding_id", sorted(FAULTS))
def test_the_fault_is_found_for_real(bed: Bed, finding_id: str) -> None:
    journey = produce(FAULTS[finding_id], bed)
    found = {finding.id: finding for finding in journey.findings}
    assert finding_id in found, (journey.outcome, [f.id for f in journey.findings])
    assert sum(round(i.duration_ms * 1000) for i in journey.ledger) == round(
        journey.totals.last_byte_ms * 1000
    )
    if journey.outcome.error is not None:
        assert journey.findings[0].severity == "critical"
