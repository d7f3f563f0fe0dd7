"""Rows of text as columns."""

from collections.abc import Sequence

GAP = "  "


def columns(rows: Sequence[Sequence[str]], indent: str = "  ") -> list[str]:
    """Each row as a line; each column is as wide as its widest cell, the last one ends freely."""
    if not rows:
        return []
    widths = [max(len(row[number]) for row in rows) for number in range(len(rows[0]))]
    return [
        (
            indent + GAP.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
