"""The reference page names every key, and no other."""

import re
from dataclasses import fields
from pathlib import Path

from firstbyte.resolver.daemon.config import Config

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "dns-serve.md"


def test_every_key_has_its_row() -> None:
    rows = [line for line in PAGE.read_text().splitlines() if line.startswith("| `")]
    named = {key for row in rows for key in re.findall(r"`(\w+)`", row.split("|")[1])}
    assert named == {item.name for item in fields(Config)}
