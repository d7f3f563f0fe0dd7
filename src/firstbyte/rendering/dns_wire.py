"""A DNS message drawn field by field: offset, octets, name, meaning."""

from collections.abc import Iterable

from rich.text import Text

from firstbyte.protocols.dns.dissect import Field
from firstbyte.rendering.escape import escape
from firstbyte.rendering.look import Look
from firstbyte.rendering.wrapping import wrap

SHOWN_OCTETS = 8
_HEX_CELLS = SHOWN_OCTETS * 3 + 1
_LABEL_CELLS = 20
_BITS = 16


def wire(data: bytes, fields: Iterable[Field], look: Look) -> list[Text]:
    """One line for each field; broken rules are marked beside it."""
    digits = max(3, len(str(len(data))))
    lines: list[Text] = []
    for field in fields:
        if field.size == 0 and field.depth == 0:
            lines += [Text("")] * bool(lines)
            lines += [Text(part, style="title") for part in wrap(escape(field.label), look.width)]
        else:
            lines += _line(data, field, digits, look)
    return lines


def _line(data: bytes, field: Field, digits: int, look: Look) -> list[Text]:
    place = f"{field.at:>{digits}}" if field.size else " " * digits
    octets = _octets(data, field, look)
    label = "  " * max(0, field.depth - 1) + field.label
    head = Text.assemble((place, "dim"), "  ", (octets, "phase.dns"), f"{label:<{_LABEL_CELLS}} ")
    room = max(20, look.width - head.cell_len)
    parts = wrap(look.words(escape(field.value)), room)
    lines = [head.append(parts[0], "" if field.size else "dim")]
    indent = " " * (digits + 2 + _HEX_CELLS + _LABEL_CELLS + 1)
    lines += [Text(indent + part) for part in parts[1:]]
    if field.problem:
        words = look.words(f"{look.glyphs.bad} {escape(field.problem)}")
        lines += [Text(indent + part, style="error") for part in wrap(words, room)]
    return lines


def _octets(data: bytes, field: Field, look: Look) -> str:
    if field.mask:
        return f"{_bits(data, field):<{_HEX_CELLS}}"
    piece = data[field.at : field.at + field.size]
    if len(piece) > SHOWN_OCTETS:
        shown = piece[: SHOWN_OCTETS - 1].hex(" ") + " " + look.words("…")
    else:
        shown = piece.hex(" ")
    return f"{shown:<{_HEX_CELLS}}"


def _bits(data: bytes, field: Field) -> str:
    """The bits of the mask in their place: ``1... .... .... ....``."""
    value = int.from_bytes(data[field.at : field.at + 2], "big")
    drawn = ""
    for at in range(_BITS):
        bit = 0x8000 >> at
        drawn += ("1" if value & bit else "0") if field.mask & bit else "."
        drawn += " " if at % 4 == 3 else ""
    return drawn
