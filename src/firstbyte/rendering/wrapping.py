"""Text in a column: wrapped by words and measured in terminal cells (wide characters take two)."""

from rich.cells import cell_len, chop_cells, set_cell_size
from rich.text import Text


def wrap(text: str, width: int) -> list[str]:
    """Lines of at most ``width`` cells, broken between words where possible; at least one line."""
    lines: list[str] = []
    line = ""
    for word in text.split():
        for piece in chop_cells(word, max(2, width)):
            longer = f"{line} {piece}" if line else piece
            if line and cell_len(longer) > width:
                lines.append(line)
                line = piece
            else:
                line = longer
    lines.append(line)
    return lines


def fit(text: str, width: int, ellipsis: str = "…") -> str:
    """``text`` cut to ``width`` cells, with an ellipsis where something is missing."""
    if cell_len(text) <= width:
        return text
    return set_cell_size(text, max(0, width - cell_len(ellipsis))).rstrip() + ellipsis


def pad(text: str, width: int) -> str:
    """``text`` with spaces up to ``width`` cells; never cut."""
    return text + " " * (width - cell_len(text))


def paragraph(label: tuple[str, str], text: str, style: str, width: int, indent: int) -> list[Text]:
    """A paragraph with its label in the first ``indent`` cells, and the text beside it, wrapped."""
    lines = []
    for index, part in enumerate(wrap(text, max(20, width - indent))):
        head = pad(label[0] if index == 0 else "", indent)
        lines.append(Text.assemble((head, label[1]), (part, style)))
    return lines


def join_wrapped(parts: list[Text], separator: Text, width: int, indent: int) -> list[Text]:
    """Parts joined by a separator, broken between parts; all lines are indented alike."""
    lines: list[Text] = []
    for part in parts:
        if lines and lines[-1].cell_len + separator.cell_len + part.cell_len <= width:
            lines[-1].append_text(separator).append_text(part)
        else:
            lines.append(Text(" " * indent).append_text(part))
    return lines
