"""Bars are where their times are."""

import pytest

from firstbyte.rendering.bars import Axis, bar, scale
from firstbyte.rendering.look import Look

LOOK = Look(80)


@pytest.mark.parametrize(
    ("start", "end", "row"),
    [
        (0, 80, "████████"),
        (0, 10, "█┊ ┊ ┊ ┊"),
        (0, 15, "█▌ ┊ ┊ ┊"),
        (40, 80, "┊ ┊ ████"),
        (44, 80, "┊ ┊ ▐███"),
        (79, 80, "┊ ┊ ┊ ┊▕"),
        (80, 80, "┊ ┊ ┊ ┊▕"),
        (20, 20, "┊ ▏ ┊ ┊ "[:8]),
    ],
)
def test_a_bar_covers_its_time(start: float, end: float, row: str) -> None:
    drawn = bar(Axis(80, 8), start, end, LOOK)
    assert drawn.replace("┊", " ") == row.replace("┊", " ")


def test_a_scale_names_round_times_in_order() -> None:
    labels = scale(Axis(183, 60), LOOK).split()
    assert labels == ["0", "50", "100", "150"]


def test_a_trace_of_no_time_has_an_axis() -> None:
    assert bar(Axis(0, 8), 0, 0, LOOK).startswith("▏")
    assert scale(Axis(0, 8), LOOK).strip() == "0"
