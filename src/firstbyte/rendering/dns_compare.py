"""The same question to many servers, side by side."""

from rich.text import Text

from firstbyte.journey.resolution import Comparison, Seen
from firstbyte.rendering.escape import escape
from firstbyte.rendering.findings import blocks
from firstbyte.rendering.look import Look
from firstbyte.rendering.units import duration
from firstbyte.rendering.wrapping import fit, wrap

_GROUPS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_SERVER_CELLS = 30
_COLUMNS_CELLS = 35
"""Of letter, TTL, serial and time, with their blanks."""


def comparison(value: Comparison, look: Look) -> list[Text]:
    """A row for each server; servers that agree have the same letter."""
    head = f"{escape(value.name)} {value.type}"
    zone = f"  in zone {escape(value.zone)}" if value.zone else ""
    lines = [Text.assemble((head, "title"), (zone, "dim")), Text("")]
    longest = max((len(_name(seen)) for seen in value.seen), default=0)
    wide = max(_SERVER_CELLS, min(longest, look.width - 72))
    room = look.width - wide - _COLUMNS_CELLS
    inline = all(_fits(seen, room) for seen in value.seen)
    answer = "  answer" if inline else ""
    for authoritative, title in ((False, "resolvers"), (True, "authoritative servers")):
        rows = [seen for seen in value.seen if seen.authoritative is authoritative]
        if not rows:
            continue
        lines.append(
            Text(f"  {title:<{wide}}   {'TTL':>7} {'serial':>10} {'time':>9}{answer}", style="dim")
        )
        for seen in rows:
            lines += _row(seen, wide, look, inline=inline)
        lines.append(Text(""))
    if not inline:
        lines += [*_legend(value, look), Text("")]
    return lines + blocks(value.findings, look)


def _failed(seen: Seen, wide: int, look: Look) -> list[Text]:
    """No columns: why there is no answer."""
    head = f"  {fit(_name(seen), wide, look.glyphs.ellipsis):<{wide}}   "
    words = look.words(f"{look.glyphs.bad} {escape(seen.failure or '')}")
    parts = wrap(words, look.width - len(head))
    return [
        Text.assemble(head if index == 0 else " " * len(head), (part, "error"))
        for index, part in enumerate(parts)
    ]


def _name(seen: Seen) -> str:
    own = escape(seen.server)
    return own if seen.address in seen.server else f"{own} {escape(seen.address)}"


def _row(seen: Seen, wide: int, look: Look, *, inline: bool) -> list[Text]:
    if seen.failure is not None:
        return _failed(seen, wide, look)
    ttl = "" if seen.ttl_s is None else str(seen.ttl_s)
    serial = "" if seen.serial is None else str(seen.serial)
    took = "" if seen.rtt_ms is None else duration(seen.rtt_ms)
    style = "" if not seen.group else "warning"
    head = Text.assemble(
        "  ",
        f"{fit(_name(seen), wide, look.glyphs.ellipsis):<{wide}} ",
        (_letter(seen), style or "good"),
        f" {ttl:>7} {serial:>10} {took:>9}  ",
    )
    if not inline:
        return [head]
    first, *more = _answers(seen)
    indent = " " * head.cell_len
    return [head.append(first, style), *(Text(indent).append(one, style) for one in more)]


def _letter(seen: Seen) -> str:
    return " " if seen.group is None else _GROUPS[min(seen.group, len(_GROUPS) - 1)]


def _fits(seen: Seen, room: int) -> bool:
    """Whether each of its records fits beside its row."""
    return seen.failure is not None or all(len(text) <= room for text in _answers(seen))


def _legend(value: Comparison, look: Look) -> list[Text]:
    """Each answer once, with its letter, over the whole width."""
    lines: list[Text] = []
    for letter, seen in sorted({_letter(one): one for one in value.seen if one.rcode}.items()):
        style = "" if not seen.group else "warning"
        for index, text in enumerate(_answers(seen)):
            parts = wrap(text, look.width - 5)
            mark = letter if index == 0 else " "
            lines.append(Text.assemble("  ", (mark, style or "good"), "  ", (parts[0], style)))
            lines += [Text("     " + part, style) for part in parts[1:]]
    return lines


def _answers(seen: Seen) -> list[str]:
    if seen.records:
        return [escape(record) for record in seen.records]
    return ["no data" if seen.rcode == "NOERROR" else str(seen.rcode)]
