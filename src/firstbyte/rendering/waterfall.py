"""The waterfall: a row for each phase, again for each request that was followed."""

from msgspec import Struct
from rich.cells import cell_len
from rich.text import Text

from firstbyte.journey.model import PHASES, Hop, Journey, Phase
from firstbyte.rendering.bars import Axis, bar, scale
from firstbyte.rendering.escape import escape
from firstbyte.rendering.headline import status_style, status_words
from firstbyte.rendering.look import Look
from firstbyte.rendering.units import decimals_for, milliseconds, trips
from firstbyte.rendering.wrapping import fit, wrap

LABEL_CELLS = 10
TRIPS_CELLS = 6


class _Layout(Struct, frozen=True):
    """Where the columns stand: label, bar, milliseconds, round trips, why."""

    axis: Axis
    decimals: int
    ms_cells: int
    why_cells: int
    look: Look

    @property
    def why_at(self) -> int:
        return LABEL_CELLS + self.axis.cells + self.ms_cells + TRIPS_CELLS + 2


def waterfall(journey: Journey, look: Look) -> list[Text]:
    """All phases of all hops on one time axis."""
    layout = _layout(journey, look)
    lines = [_heading(layout)]
    many = len(journey.hops) > 1
    for number, hop in enumerate(journey.hops, start=1):
        if many:
            lines.append(_hop_line(number, hop, layout))
        for name in PHASES:
            phase: Phase | None = getattr(hop.phases, name)
            if phase is not None:
                lines.extend(_row(name, phase, layout))
    lines.append(_marks(journey, layout))
    return lines


def _layout(journey: Journey, look: Look) -> _Layout:
    total_ms = max([journey.totals.last_byte_ms, *_ends(journey)])
    decimals = decimals_for(total_ms)
    ms_cells = max(9, len(milliseconds(total_ms, decimals)) + 3)
    bar_cells = max(20, (look.width - LABEL_CELLS - ms_cells - TRIPS_CELLS) * 2 // 5)
    why_cells = look.width - LABEL_CELLS - bar_cells - ms_cells - TRIPS_CELLS - 2
    return _Layout(Axis(total_ms, bar_cells), decimals, ms_cells, why_cells, look)


def _ends(journey: Journey) -> list[float]:
    phases = [getattr(hop.phases, name) for hop in journey.hops for name in PHASES]
    return [phase.start_ms + phase.duration_ms for phase in phases if phase is not None]


def _heading(layout: _Layout) -> Text:
    return Text.assemble(
        (" " * LABEL_CELLS, ""),
        (scale(layout.axis, layout.look), "dim"),
        ("ms".rjust(layout.ms_cells), "dim"),
        ("trips".rjust(TRIPS_CELLS), "dim"),
        ("  why", "dim"),
    )


def _hop_line(number: int, hop: Hop, layout: _Layout) -> Text:
    glyphs = layout.look.glyphs
    status = f"  {status_words(hop)}" if hop.status else ""
    reused = "  (same connection)" if hop.reused else ""
    room = layout.look.width - cell_len(status) - len(reused) - 4
    words = fit(f"{escape(hop.method)} {escape(hop.url)}", room, glyphs.ellipsis)
    return Text.assemble(
        (f" {number}  ", "title"),
        (layout.look.words(words), "title"),
        (layout.look.words(status), status_style(hop.status or 0)),
        (reused, "dim"),
    )


def _row(name: str, phase: Phase, layout: _Layout) -> list[Text]:
    look = layout.look
    end_ms = phase.start_ms + phase.duration_ms
    drawn = bar(layout.axis, phase.start_ms, end_ms, look)
    reason, *more = wrap(look.words(escape(phase.why)), layout.why_cells)
    first = Text.assemble(
        (f"  {name:<{LABEL_CELLS - 2}}", f"phase.{name}"),
        _with_faint_grid(drawn, f"phase.{name}", look),
        (milliseconds(phase.duration_ms, layout.decimals).rjust(layout.ms_cells), "number"),
        (trips(phase.round_trips).rjust(TRIPS_CELLS), ""),
        (f"  {reason}", ""),
    )
    blank = _with_faint_grid(_empty(layout), "", look)
    indent = " " * (layout.why_at - LABEL_CELLS - layout.axis.cells)
    rest = [Text.assemble(" " * LABEL_CELLS, blank, f"{indent}{line}") for line in more]
    return [first, *rest]


def _empty(layout: _Layout) -> str:
    grid = {layout.axis.eighths(tick) // 8 for tick in layout.axis.ticks()}
    cells = range(layout.axis.cells)
    return "".join(layout.look.glyphs.grid if cell in grid else " " for cell in cells)


def _with_faint_grid(drawn: str, style: str, look: Look) -> Text:
    text = Text()
    for character in drawn:
        text.append(character, style="dim" if character == look.glyphs.grid else style)
    return text


def _marks(journey: Journey, layout: _Layout) -> Text:
    """The line below: where the first byte came."""
    first_ms = journey.totals.first_byte_ms
    if first_ms is None:
        return Text("")
    cells = layout.axis.cells
    place = min(layout.axis.eighths(first_ms) // 8, cells - 1)
    up = layout.look.glyphs.up
    label = f"{up} first byte"
    if place + len(label) > cells:
        label = f"first byte {up}"
        place = max(0, place - len(label) + 1)
    return Text.assemble(" " * (LABEL_CELLS + place), (label, "dim"))
