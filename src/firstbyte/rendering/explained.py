"""``firstbyte explain``: pages as text, and lists of them."""

from collections.abc import Sequence
from itertools import groupby

from rich.text import Text

from firstbyte.diagnosis.pages import Page
from firstbyte.rendering.escape import escape
from firstbyte.rendering.look import Look
from firstbyte.rendering.wrapping import fit, paragraph, wrap

LABEL_CELLS = 14
WIDEST_TEXT = 100
"""Longer lines are hard to read."""


def explained(page: Page, look: Look) -> list[Text]:
    """One page: what it is, how to see it, how to mend it, where it is written."""
    width = min(look.width, WIDEST_TEXT)
    title = wrap(_prose(page.title, look), width)
    lines = [_title(page), *(Text(line, style="title") for line in title), Text("")]
    for block in page.meaning.split("\n\n"):
        lines.extend(Text(line) for line in wrap(_prose(block, look), width))
        lines.append(Text(""))
    if page.drawing:
        drawn = (look.words(escape(line)) for line in page.drawing.splitlines())
        lines.extend([*map(Text, drawn), Text("")])
    for label, items, style in (
        ("see it", page.see, "info"),
        ("mend it", page.fixes, "fix"),
        ("written in", page.references, ""),
        ("also called", _together(page.aliases), "dim"),
    ):
        lines.extend(_list(label, items, style, (width, look)))
    return lines


def listed(pages: Sequence[Page], look: Look) -> list[Text]:
    """Names and titles by kind."""
    lines: list[Text] = []
    name_cells = max((len(page.name) for page in pages), default=0) + 2
    for kind, group in groupby(sorted(pages, key=lambda p: (p.kind, p.name)), lambda p: p.kind):
        lines.extend([Text("")] if lines else [])
        lines.append(Text(f"{kind}s", style="title"))
        for page in group:
            room = look.width - name_cells - 2
            title = fit(_prose(page.title, look), room, look.glyphs.ellipsis)
            lines.append(Text.assemble("  ", (page.name.ljust(name_cells), "info"), title))
    return lines


def _title(page: Page) -> Text:
    line = Text(page.name, style="info").append(f"  {page.kind}", style="dim")
    if page.severity is not None:
        line.append("  ").append(page.severity, style=page.severity)
    return line


def _together(names: tuple[str, ...]) -> tuple[str, ...]:
    return (" · ".join(names),) if names else ()


def _prose(block: str, look: Look) -> str:
    return look.words(escape(" ".join(block.split())).replace("``", ""))


def _list(label: str, items: Sequence[str], style: str, page: tuple[int, Look]) -> list[Text]:
    width, look = page
    lines: list[Text] = []
    for number, item in enumerate(items):
        head = (label if number == 0 else "", "dim")
        lines.extend(paragraph(head, look.words(escape(item)), style, width, LABEL_CELLS))
    return lines
