"""The rows that all layers' details are made of."""

from collections.abc import Iterable

from rich.text import Text

from firstbyte.rendering.escape import escape
from firstbyte.rendering.look import Look
from firstbyte.rendering.wrapping import paragraph

LABEL_CELLS = 16


def row(label: str, text: str, look: Look, style: str = "") -> list[Text]:
    """One labelled fact, wrapped; nothing when there is no text."""
    if not text:
        return []
    shown = look.words(escape(text))
    head = look.words(escape(f"  {label}"))
    if len(head) >= LABEL_CELLS:
        below = paragraph(("", ""), shown, style, look.width, LABEL_CELLS)
        return [Text(head, style="dim"), *below]
    return paragraph((head, "dim"), shown, style, look.width, LABEL_CELLS)


def joined(parts: Iterable[str | None]) -> str:
    """The facts that are known, on one line."""
    return " · ".join(part for part in parts if part)
