"""What a scenario's errors advise."""

import pytest

from firstbyte.errors import UsageError
from firstbyte.lab.scenario.model import parse_scenario


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("[hosts.a]\n[[link]]\nbetween = ['a', 'b']\n", "links"),
        ("programs = []\n[hosts.a]\nadresses = []\n", "addresses"),
        ("programs = []\n[hosts.a]\n[[links]]\nburst = { entr = 1.0 }\n", "enter"),
        (
            "programs = []\n[hosts.a]\n[[firewalls]]\nhost = 'a'\nrules = [{ protocl = 'tcp' }]",
            "protocol",
        ),
    ],
)
def test_a_wrong_key_is_compared_with_those_of_its_own_table(text, near):
    with pytest.raises(UsageError) as caught:
        parse_scenario(text)
    assert caught.value.hint == f"did you mean '{near}'?"
