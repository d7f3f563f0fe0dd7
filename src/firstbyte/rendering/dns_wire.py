"""A DNS message drawn field by field: offset, octets, name, meaning."""

from collections.abc import Iterable, Sequence

from rich.text import Text

from firstbyte.protocols.dns.field_reader import Field
from firstbyte.rendering.escape import escape
from firstbyte.rendering.look import Look
from firstbyte.rendering.wrapping import wrap

SHOWN_OCTETS = 8
MAX_POINTERS = 6
_HEX_CELLS = SHOWN_OCTETS * 3 + 1
_LABEL_CELLS = 20
_BITS = 16


def wire(data: bytes, fields: Sequence[Field], look: Look, before: str = "") -> list[Text]:
    """One line for each field; broken rules are marked beside it, and counted at the end.

    ``before`` says what was taken off before the message.
    """
    digits = max(3, len(str(len(data))))
    lines: list[Text] = []
    if before:
        words = look.words(f"before the message: {escape(before)}")
        lines = [Text(part, style="dim") for part in wrap(words, look.width)]
    targets = _targets(data, fields)
    for field in fields:
        if field.size == 0 and field.depth == 0:
            lines += [Text("")] * bool(lines)
            lines += [Text(part, style="title") for part in wrap(escape(field.label), look.width)]
        else:
            lines += _line(data, field, digits, look, targets.get(field.at, []))
    return lines + _verdict(data, fields, look)


def _targets(data: bytes, fields: Iterable[Field]) -> dict[int, list[int]]:
    """The offsets of the pointers that lead to each offset."""
    found: dict[int, list[int]] = {}
    for field in fields:
        if field.label == "pointer" and field.size == 2:
            to = int.from_bytes(data[field.at : field.at + 2], "big") & 0x3FFF
            found.setdefault(to, []).append(field.at)
    return found


def _verdict(data: bytes, fields: Iterable[Field], look: Look) -> list[Text]:
    broken = [field for field in fields if field.problem]
    if not broken:
        return [Text(""), Text(f"{look.glyphs.good} {len(data)} octets, no rule is broken", "good")]
    first = broken[0]
    count = f"{len(broken)} rule{'s are' if len(broken) > 1 else ' is'} broken"
    words = f"{look.glyphs.bad} {count}, first at octet {first.at} ({first.label}): {first.problem}"
    parts = wrap(look.words(escape(words)), look.width - 2)
    return [
        Text(""),
        *(Text(("  " if index else "") + part, "error") for index, part in enumerate(parts)),
    ]


def _line(data: bytes, field: Field, digits: int, look: Look, pointers: list[int]) -> list[Text]:
    place = f"{field.at:>{digits}}" if field.size else " " * digits
    octets = _octets(data, field, look)
    label = "  " * max(0, field.depth - 1) + field.label
    head = Text.assemble((place, "dim"), "  ", (octets, "phase.dns"), f"{label:<{_LABEL_CELLS}} ")
    room = max(20, look.width - head.cell_len)
    value = escape(field.value)
    if pointers and field.label in ("label", "pointer"):
        value += f"  {_led_here(pointers, look)}"
    parts = wrap(look.words(value), room)
    indent = " " * head.cell_len
    lines = [head.append(parts[0], "" if field.size else "dim")]
    lines += [Text(indent + part) for part in parts[1:]]
    if field.problem:
        words = look.words(f"{look.glyphs.bad} {escape(field.problem)}")
        margin = " " * (digits + 2 + _HEX_CELLS)
        lines += [
            Text(margin + part, style="error") for part in wrap(words, look.width - len(margin))
        ]
    return lines


def _led_here(pointers: list[int], look: Look) -> str:
    """``◀ 29, 41``: the pointers that lead to a label."""
    more = f" and {len(pointers) - MAX_POINTERS} more" if len(pointers) > MAX_POINTERS else ""
    return f"{look.glyphs.arrow_left} {', '.join(map(str, pointers[:MAX_POINTERS]))}{more}"


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
