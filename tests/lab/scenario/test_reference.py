"""docs/reference/scenario.md: its example runs, and no key is left out."""

import re
from pathlib import Path

import pytest

from firstbyte.cli.shell.entry import run
from firstbyte.lab.scenario import run_scenario
from firstbyte.lab.scenario.model import TABLES, parse_scenario

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "scenario.md"


def test_the_example_runs(tmp_path, capsys):
    example, *_ = re.findall(r"^```toml\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    file = tmp_path / "example.toml"
    file.write_text(example)
    assert run(["lab", "run", str(file)]) == 0
    out = capsys.readouterr().out
    assert "A cut link, and after" in out
    assert out.count("ok  200 https://shop.example/") == 2


def test_the_other_examples_are_good_scenarios():
    examples = re.findall(r"^```toml\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    program = '[[programs]]\nhost = "laptop"\nrun = "asyncio:sleep"\narguments = [1]\n'
    for example in examples[1:]:
        (result,) = run_scenario(parse_scenario(example + program))
        assert result.ok


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.__name__)
def test_every_key_is_documented(table):
    words = set(re.findall(r"\w+", PAGE.read_text()))
    assert set(table.__struct_fields__) <= words
