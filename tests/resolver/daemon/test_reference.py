"""The reference page names every key, and no other."""

import re
from pathlib import Path

from firstbyte.resolver.daemon.config import Config
from firstbyte.resolver.daemon.metrics import METRICS
from firstbyte.resolver.machine.values import Ede

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "dns-serve.md"


def rows(text: str) -> set[str]:
    """The words in code in the first column of its tables."""
    lines = [line for line in text.splitlines() if line.startswith("| `")]
    return {key for line in lines for key in re.findall(r"`(\w+)`", line.split("|")[1])}


def test_every_key_has_its_row() -> None:
    text = PAGE.read_text().partition("\n## ")[0]
    assert rows(text) == set(Config.__struct_fields__)


def test_every_metric_has_its_row() -> None:
    text = PAGE.read_text().partition("\n## Metrics")[2].partition("\n## ")[0]
    assert rows(text) == METRICS.keys()


def test_every_error_code_has_its_row() -> None:
    text = PAGE.read_text().partition("\n## Extended DNS Errors")[2].partition("\n## ")[0]
    told = [
        number
        for row in re.findall(r"^\| ([\d, ]+) \|", text, re.MULTILINE)
        for number in row.split(", ")
    ]
    assert sorted(map(int, told)) == sorted(Ede)
