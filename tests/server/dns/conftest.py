"""The zone that most tests ask."""

import pytest

from firstbyte.server.dns.zone_set import ZoneSet
from testbed.name_server import parent_zone


@pytest.fixture(scope="session")
def plain():
    return ZoneSet([parent_zone()])
