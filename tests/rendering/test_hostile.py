"""A journey whose every text from outside is hostile: nothing of it reaches the terminal."""

import json

import pytest

from firstbyte.journey.model import Journey
from firstbyte.rendering.headline import headline_text
from firstbyte.rendering.look import Look
from firstbyte.rendering.page import Detail, page
from firstbyte.rendering.paint import paint
from testbed.journeys import expired, healthy, redirected

EVIL = "\x1b[2J\x07\r\n\u202e\u200b日本\x9b31m"
KEPT = {
    "event", "layer", "severity", "flags", "direction", "transport", "outcome", "source", "network",
    "from", "how", "started_at", "kind", "host", "connection", "cause",
}  # fmt: skip


def poisoned(value, key: str = ""):
    """Every string but those of closed sets gets hostile characters."""
    if isinstance(value, dict):
        return {name: poisoned(item, name) for name, item in value.items()}
    if isinstance(value, list):
        return [poisoned(item, key) for item in value]
    return value + EVIL if isinstance(value, str) and key not in KEPT else value


def hostile(journey: Journey) -> Journey:
    raw = json.loads(journey.to_json())
    return Journey.from_json(json.dumps(poisoned(raw)))


@pytest.mark.parametrize("make", [healthy, redirected, expired])
@pytest.mark.parametrize("width", [80, 120])
def test_nothing_hostile_comes_through(make, width: int) -> None:
    lines = page(hostile(make()), Look(width), Detail(ladder=True, verbose=True))
    for line in lines:
        assert not set("\x1b\x07\r\n\u202e\u200b\x9b") & set(line.plain), line.plain
        assert line.cell_len <= width, line.plain
    coloured = paint(lines, width=width, colour=True)
    assert "\x1b[2J" not in coloured
    assert "\u202e" not in coloured


def test_the_headline_is_one_line() -> None:
    text = headline_text(hostile(healthy()), Look(80))
    assert not set("\x1b\x07\r\n\u202e\u200b\x9b") & set(text)
