"""Wildcards whose data are known answer for other names, where that is proved (RFC 8198, 5.3)."""

import pytest

from firstbyte.protocols.dns import constants as c
from firstbyte.protocols.dns import names
from firstbyte.resolver.machine.settings import CacheSettings
from firstbyte.resolver.machine.values import Security

FIRST = "x.wild.secure.example."
OTHERS = ["y.wild.secure.example.", "deep.y.wild.secure.example."]


@pytest.mark.parametrize("name", OTHERS)
def test_another_name_costs_no_question(make_network, name) -> None:
    network = make_network()
    first = network.resolve(FIRST)
    count = len(network.asked)
    response = network.resolve(name)
    assert len(network.asked) == count
    assert response.rcode == c.NOERROR
    assert response.security is Security.SECURE
    assert response.answer[0].key == names.from_text(name)
    assert response.answer[0].rdatas == first.answer[0].rdatas
    assert response.answer[0].signatures == first.answer[0].signatures
    assert [rrset.rdtype for rrset in response.authority] == [c.NSEC]


@pytest.mark.parametrize("name", ["www.secure.example.", "wild.secure.example."])
def test_names_outside_the_gap_are_asked_for(make_network, name) -> None:
    network = make_network()
    network.resolve(FIRST)
    count = len(network.asked)
    network.resolve(name)
    assert len(network.asked) > count


def test_it_ends_with_the_data(make_network) -> None:
    network = make_network()
    network.resolve(FIRST)
    network.unix_s += 4000
    count = len(network.asked)
    network.resolve(OTHERS[0])
    assert len(network.asked) > count


def test_it_can_be_switched_off(make_network) -> None:
    network = make_network(cache=CacheSettings(aggressive_nsec=False))
    network.resolve(FIRST)
    count = len(network.asked)
    network.resolve(OTHERS[0])
    assert len(network.asked) > count
