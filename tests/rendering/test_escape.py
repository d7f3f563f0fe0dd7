"""Nothing that a terminal would obey comes through."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstbyte.rendering.escape import escape


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("naïve 日本 ✓", "naïve 日本 ✓"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("a\r\nb\tc", "a\\r\\nb\\tc"),
        ("\x9b31m", "\\x9b31m"),
        ("ab\u202egnp", "ab\\u202egnp"),
        ("zero\u200bwidth", "zero\\u200bwidth"),
        ("\ud800", "\\ud800"),
        ("\U000e0041", "\\U000e0041"),
    ],
)
def test_what_a_terminal_obeys_becomes_visible(text: str, shown: str) -> None:
    assert escape(text) == shown


@given(st.text())
def test_no_control_or_format_character_survives(text: str) -> None:
    kept = escape(text)
    assert not [c for c in kept if unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"}]
    assert not [c for c in kept if unicodedata.bidirectional(c) in {"LRE", "RLE", "LRO", "RLO"}]
    kept.encode()
