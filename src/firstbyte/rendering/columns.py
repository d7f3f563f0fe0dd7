"""Rows of text as columns."""

from collections.abc import Sequence
from textwrap import wrap

GAP = "  "


def columns(
    rows: Sequence[Sequence[str]], indent: str = "  ", width: int | None = None
) -> list[str]:
    """Each row as a line; each column is as wide as its widest cell, the last one ends freely.

    With ``width``, a last cell that would go beyond it goes on below itself.
    """
    if not rows:
        return []
    widths = [max(len(row[number]) for row in rows) for number in range(len(rows[0]))]
    before = len(indent) + sum(widths[:-1]) + len(GAP) * (len(widths) - 1)
    lines = []
    for row in rows:
        last = [row[-1]] if width is None else wrap(row[-1], max(width - before, 1)) or [""]
        head = "".join(
            cell.ljust(size) + GAP for cell, size in zip(row[:-1], widths[:-1], strict=True)
        )
        lines.append((indent + head + last[0]).rstrip())
        lines += [" " * before + part for part in last[1:]]
    return lines
