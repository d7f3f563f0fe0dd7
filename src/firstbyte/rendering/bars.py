"""Bars on a time axis, exact to an eighth of a cell, and the axis itself."""

from msgspec import Struct

from firstbyte.rendering.look import Look

_NICE = (1, 2, 5)


class Axis(Struct, frozen=True):
    """``cells`` terminal cells for the time from 0 to ``total_ms``."""

    total_ms: float
    cells: int

    def eighths(self, at_ms: float) -> int:
        """The place of a moment, in eighths of a cell from the left end."""
        if self.total_ms <= 0:
            return 0
        place = at_ms / self.total_ms * self.cells * 8
        return max(0, min(self.cells * 8, round(place)))

    def ticks(self) -> list[float]:
        """Round times for marks: about one for 8 cells, the first is 0."""
        if self.total_ms <= 0:
            return [0.0]
        rough = self.total_ms / max(1, self.cells // 8)
        power = 10.0 ** _floor_log10(rough)
        step = next((n * power for n in _NICE if n * power >= rough), 10 * power)
        return [index * step for index in range(int(self.total_ms / step) + 1)]


def bar(axis: Axis, start_ms: float, end_ms: float, look: Look) -> str:
    """One row: the bar of [start, end], with faint grid marks where it is empty."""
    start = min(axis.eighths(start_ms), axis.cells * 8 - 1)
    end = max(start + 1, axis.eighths(end_ms))
    grid = {axis.eighths(tick) // 8 for tick in axis.ticks()}
    return "".join(
        _cell(start - 8 * cell, end - 8 * cell, look) or (look.glyphs.grid if cell in grid else " ")
        for cell in range(axis.cells)
    )


def scale(axis: Axis, look: Look) -> str:
    """The axis' labels, each beginning at its mark."""
    row = [" "] * (axis.cells + 12)
    free = 0
    for tick in axis.ticks():
        place = axis.eighths(tick) // 8
        label = f"{tick:g}"
        if place >= free and place + len(label) <= axis.cells:
            row[place : place + len(label)] = label
            free = place + len(label) + 1
    return look.words("".join(row[: axis.cells]))


def _cell(start: int, end: int, look: Look) -> str:
    """The character for one cell; the bar covers eighths ``start`` to ``end`` of it."""
    glyphs = look.glyphs
    low, high = max(0, start), min(8, end)
    covered = high - low
    if covered <= 0:
        return ""
    if low == 0:
        return glyphs.left_blocks[high]
    if covered >= 6:
        return glyphs.left_blocks[8]
    if covered >= 3:
        return glyphs.right_half if high > 5 else glyphs.left_blocks[high]
    return glyphs.right_eighth if high > 4 else glyphs.left_blocks[high]


def _floor_log10(value: float) -> int:
    power = 0
    while value >= 10:
        value /= 10
        power += 1
    while value < 1:
        value *= 10
        power -= 1
    return power
