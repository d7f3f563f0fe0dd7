"""The examples of the how-to pages are tests: they run as they are written."""

import re
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

DOCS = Path(__file__).parents[2] / "docs" / "how-to"
PAGES = ["test-your-client-against-a-bad-network.md"]
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


def examples():
    for page in PAGES:
        for number, code in enumerate(BLOCK.findall((DOCS / page).read_text()), 1):
            yield pytest.param(code, id=f"{page}-{number}")


@pytest.mark.parametrize("code", list(examples()))
def test_examples_run(code, pytester):
    pytester.makepyfile(code)
    result = pytester.runpytest("-p", "firstbyte.pytest_plugin", "-p", "no:cacheprovider")
    outcomes = result.parseoutcomes()
    assert set(outcomes) == {"passed"}
