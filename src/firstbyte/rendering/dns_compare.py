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


def comparison(value: Comparison, look: Look) -> list[Text]:
    """A row for each server; servers that agree have the same letter."""
    head = f"{escape(value.name)} {value.type}"
    zone = f"  in zone {escape(value.zone)}" if value.zone else ""
    lines = [Text.assemble((head, "title"), (zone, "dim")), Text("")]
    wide = max(_SERVER_CELLS, look.width - 72)
    for authoritative, title in ((False, "resolvers"), (True, "authoritative servers")):
        rows = [seen for seen in value.seen if seen.authoritative is authoritative]
        if not rows:
            continue
        lines.append(
            Text(f"  {title:<{wide}}   {'TTL':>7} {'serial':>10} {'time':>9}  answer", style="dim")
        )
        for seen in rows:
            lines += _row(seen, wide, look)
        lines.append(Text(""))
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
    return own if seen.server.startswith(seen.address) else f"{own} {escape(seen.address)}"


def _row(seen: Seen, wide: int, look: Look) -> list[Text]:
    if seen.failure is not None:
        return _failed(seen, wide, look)
    letter = " " if seen.group is None else _GROUPS[min(seen.group, len(_GROUPS) - 1)]
    ttl = "" if seen.ttl_s is None else str(seen.ttl_s)
    serial = "" if seen.serial is None else str(seen.serial)
    took = "" if seen.rtt_ms is None else duration(seen.rtt_ms)
    style = "" if not seen.group else "warning"
    head = Text.assemble(
        "  ",
        f"{fit(_name(seen), wide, look.glyphs.ellipsis):<{wide}} ",
        (letter, style or "good"),
        f" {ttl:>7} {serial:>10} {took:>9}  ",
    )
    room = max(12, look.width - head.cell_len)
    parts = [part for text in _answers(seen) for part in wrap(text, room)] or [""]
    indent = " " * head.cell_len
    lines = [head.append(parts[0], style)]
    return lines + [Text(indent).append(part, style) for part in parts[1:]]


def _answers(seen: Seen) -> list[str]:
    if seen.records:
        return [escape(record) for record in seen.records]
    return ["no data" if seen.rcode == "NOERROR" else str(seen.rcode)]
