"""Rows of text as columns."""

from firstbyte.rendering.columns import columns

ROWS = [("a", "one"), ("long", "two and three")]


def test_columns_are_as_wide_as_their_widest_cell():
    assert columns(ROWS) == ["  a     one", "  long  two and three"]
    assert columns(ROWS, "") == ["a     one", "long  two and three"]
    assert columns([]) == []


def test_the_last_one_goes_on_below_itself():
    assert columns(ROWS, "", 14) == ["a     one", "long  two and", "      three"]
    assert columns([("a", ""), ("b", "c")], "", 14) == ["a", "b  c"]
