"""Steps as lines: times at the left, then the lifelines of client, resolver and server."""

from msgspec import Struct
from rich.cells import cell_len
from rich.text import Text

from firstbyte.rendering.ladder.steps import Peer, Script, Step
from firstbyte.rendering.look import Look
from firstbyte.rendering.units import decimals_for, duration, milliseconds
from firstbyte.rendering.wrapping import fit, pad, wrap

GUTTER_CELLS = 10
RESOLVER_AT = 0.56
"""Where the resolver's lifeline stands, as a share of the width."""
GAP_SHARE = 0.05
"""A silence longer than this share of the whole is shown as a gap."""


class Columns(Struct, frozen=True):
    """The cells of the lifelines, and until which step the resolver's goes on."""

    client: int
    resolver: int | None
    server: int
    last_resolver_step: int
    decimals: int
    total_ms: float
    look: Look

    def at(self, peer: Peer) -> int:
        """The cell of a peer's lifeline."""
        return self.resolver if peer == "resolver" and self.resolver else self.server


def draw(script: Script, look: Look) -> list[Text]:
    """The diagram; nothing when there are no steps."""
    steps = script.steps
    if not steps:
        return []
    columns = _columns(steps, look)
    lines = [_header(script, columns)]
    before_ms = 0.0
    for index, step in enumerate(steps):
        silence_ms = step.at_ms - before_ms
        if index and silence_ms > GAP_SHARE * columns.total_ms:
            lines.append(_gap(silence_ms, index, columns))
        lines.extend(_step_lines(step, columns))
        before_ms = step.end_ms or step.at_ms
    return [*lines, *_legend(steps, look)]


def _columns(steps: list[Step], look: Look) -> Columns:
    asked = [index for index, step in enumerate(steps) if step.peer == "resolver" and _arrow(step)]
    total_ms = steps[-1].at_ms - steps[0].at_ms
    return Columns(
        client=GUTTER_CELLS,
        resolver=round(look.width * RESOLVER_AT) if asked else None,
        server=look.width - 1,
        last_resolver_step=asked[-1] if asked else -1,
        decimals=decimals_for(total_ms),
        total_ms=total_ms,
        look=look,
    )


def _arrow(step: Step) -> bool:
    return step.sent is not None


def _header(script: Script, columns: Columns) -> Text:
    line = Text("ms".rjust(GUTTER_CELLS - 2), style="dim")
    line.append("  ")
    line.append("client", style="title")
    room = columns.look.width - line.cell_len - 4
    names = [script.server] if columns.resolver is None else [script.resolver, script.server]
    if sum(map(cell_len, names)) > room:
        names = [fit(name, room // len(names), columns.look.glyphs.ellipsis) for name in names]
    start = columns.server + 1 - cell_len(names[-1])
    if columns.resolver is not None:
        centred = columns.resolver - cell_len(names[0]) // 2
        _head(line, min(centred, start - 2 - cell_len(names[0])), names[0])
    _head(line, start, names[-1])
    return line


def _head(line: Text, start: int, name: str) -> None:
    """Write ``name`` from cell ``start`` on, or as near to it as the names before it allow."""
    line.append(" " * max(2, start - line.cell_len))
    line.append(name, style="title")


def _step_lines(step: Step, columns: Columns) -> list[Text]:
    if step.heading:
        return [_heading(step, columns)]
    return _arrow_lines(step, columns) if _arrow(step) else _note_lines(step, columns)


def _heading(step: Step, columns: Columns) -> Text:
    look = columns.look
    label = fit(look.words(step.label), look.width - GUTTER_CELLS - 6, look.glyphs.ellipsis)
    line = Text(" " * GUTTER_CELLS)
    line.append(f"{look.glyphs.rule * 2} {label} ", style="title")
    line.append(look.glyphs.rule * (look.width - line.cell_len), style="dim")
    return line


def _note_lines(step: Step, columns: Columns) -> list[Text]:
    look = columns.look
    sign = look.glyphs.bad if step.bad else look.glyphs.dot
    style = "error" if step.bad else f"layer.{step.layer}"
    words = wrap(look.words(step.label), look.width - GUTTER_CELLS - 4)
    lines = []
    for number, part in enumerate(words):
        lead = f" {sign} " if number == 0 else " " * (cell_len(sign) + 2)
        gutter = _time(step, columns) if number == 0 else " " * GUTTER_CELLS
        lines.append(
            Text.assemble(
                (gutter, "dim"), (look.glyphs.lifeline, "dim"), (lead, style), (part, style)
            )
        )
    return lines


def _arrow_lines(step: Step, columns: Columns) -> list[Text]:
    look, glyphs = columns.look, columns.look.glyphs
    room = columns.at(step.peer) - columns.client - 1
    label = look.words(step.label) + (" (inferred)" if step.inferred else "")
    first, *more = wrap(label, room - 6)
    stroke = glyphs.dashes if step.inferred else glyphs.line
    shaft = f"{stroke} {first} " if step.sent else f"{glyphs.arrow_left}{stroke} {first} "
    fill = room - cell_len(shaft) - (1 if step.sent else 0)
    shaft += stroke * fill + (glyphs.arrow_right if step.sent else "")
    style = "error" if step.bad else f"layer.{step.layer}"
    line = Text.assemble((_time(step, columns), "dim"), (glyphs.lifeline, "dim"), (shaft, style))
    line.append(glyphs.lifeline, style="dim")
    _to_server(line, columns)
    return [line, *(_continued(part, step, columns) for part in more)]


def _continued(part: str, step: Step, columns: Columns) -> Text:
    """A further line of a label that did not fit on its arrow."""
    lifeline = columns.look.glyphs.lifeline
    room = columns.at(step.peer) - columns.client - 1
    line = Text.assemble(
        " " * GUTTER_CELLS, (lifeline, "dim"), (pad(f"    {part}", room), f"layer.{step.layer}")
    )
    line.append(lifeline, style="dim")
    _to_server(line, columns)
    return line


def _to_server(line: Text, columns: Columns) -> None:
    """Draw the server's lifeline if the line ends before it."""
    if line.cell_len <= columns.server:
        line.append(" " * (columns.server - line.cell_len), style="dim")
        line.append(columns.look.glyphs.lifeline, style="dim")


def _gap(silence_ms: float, index: int, columns: Columns) -> Text:
    glyph = columns.look.glyphs.gap
    line = Text(" " * GUTTER_CELLS + glyph, style="dim")
    line.append(f"   {duration(silence_ms)}")
    for cell in (columns.resolver, columns.server):
        if cell is None or (cell == columns.resolver and index > columns.last_resolver_step):
            continue
        line.append(" " * (cell - line.cell_len) + glyph)
    return line


def _time(step: Step, columns: Columns) -> str:
    return milliseconds(step.at_ms, columns.decimals).rjust(GUTTER_CELLS - 2) + "  "


def _legend(steps: list[Step], look: Look) -> list[Text]:
    lines = []
    indent = " " * GUTTER_CELLS
    if any(step.inferred for step in steps):
        words = (
            f"{look.glyphs.dashes * 3} inferred: nobody saw it, but it follows from what was seen"
        )
        lines.append(Text(indent + words, style="dim"))
    if any(step.captured for step in steps):
        words = "segments were captured; their times are the kernel's own stamps"
        lines.append(Text(indent + words, style="dim"))
    return lines
