"""The walk from the root: every question that was sent, to whom, and what came back."""

from collections.abc import Iterator
from itertools import groupby

from rich.text import Text

from firstbyte.journey.resolution import Step, Walk
from firstbyte.rendering.escape import escape
from firstbyte.rendering.look import Look
from firstbyte.rendering.units import duration, plural
from firstbyte.rendering.wrapping import fit

_STYLES = {"answer": "good", "referral": "", "nodata": "warning", "nxdomain": "warning"}
_TIME_CELLS = 9
_ALIKE = 4
"""Failures in a row that are shown one by one; of more, the first ones stand for all."""


def walk(value: Walk, look: Look) -> list[Text]:
    """A line for each question, with the zone as its heading."""
    asked = plural(len(value.steps), "question")
    head = f"The walk: {asked} in {duration(value.total_ms)}"
    lines = [Text(look.words(head), style="title")]
    zone: str | None = None
    for steps, rest in _runs(value, look):
        if steps[0].zone != zone:
            zone = steps[0].zone
            lines.append(Text("  " + fit(escape(zone), look.width - 2), style="phase.dns"))
        for step in steps:
            lines += _step(step, look)
        if rest:
            lines.append(Text("    " + rest, style="error"))
    return lines


def _runs(value: Walk, look: Look) -> Iterator[tuple[list[Step], str]]:
    """The steps to show, and words for those after them that failed alike, if they are many."""
    for _, alike in groupby(value.steps, _kind):
        steps = list(alike)
        more = len(steps) - _ALIKE
        if not steps[0].failed or more < 2:
            yield steps, ""
            continue
        servers = plural(len({step.address for step in steps}), "server")
        words = f"{look.glyphs.bad} {steps[0].outcome}: {more} more questions, {servers} in all"
        yield steps[:_ALIKE], look.words(words)


def _kind(step: Step) -> tuple[str, str | None]:
    """What makes questions in a row alike: their zone, and how they failed if they did."""
    return step.zone, step.outcome if step.failed else None


def _step(step: Step, look: Look) -> list[Text]:
    took = "" if step.rtt_ms is None else duration(step.rtt_ms)
    question = f"{escape(step.name)} {step.type}"
    server = "@" + escape(step.server or step.address)
    server += " (TCP)" if step.transport == "tcp" else ""
    left = max(24, (look.width - _TIME_CELLS - 6) * 3 // 8)
    right = look.width - _TIME_CELLS - 6 - left
    style = "dim" if step.for_trust else ""
    came = _came(step, look)
    shown_at = fit(server, max(10, right - len(came) - 1), look.glyphs.ellipsis)
    line = Text.assemble(
        "    ",
        (f"{fit(question, left, look.glyphs.ellipsis):{left}}", style),
        f"{took:>{_TIME_CELLS}}  ",
    )
    room = look.width - line.cell_len
    if len(came) + len(shown_at) + 1 <= room:
        line.append(came, _style(step)).append(" " + shown_at, "dim")
        return [line]
    line.append(fit(came, room, look.glyphs.ellipsis), _style(step))
    return [line, Text(" " * (left + 4 + _TIME_CELLS + 2) + shown_at, style="dim")]


def _came(step: Step, look: Look) -> str:
    if step.failed:
        return look.words(f"{look.glyphs.bad} {step.outcome}")
    words = step.outcome
    if step.outcome in ("error", "lame"):
        words = look.words(f"{look.glyphs.bad} {step.outcome} {step.rcode}")
    return f"{words} {escape(step.detail)}".rstrip()


def _style(step: Step) -> str:
    return "error" if step.failed else _STYLES.get(step.outcome, "error")


def ladder(value: Walk, look: Look) -> list[Text]:
    """The same as arrows between the resolver and the servers."""
    inner = look.width - 4
    glyphs = look.glyphs
    lines = [Text("resolver".ljust(look.width - 8) + "  server", style="title")]
    server = ""
    for steps, rest in _runs(value, look):
        for step in steps:
            name = escape(step.server or step.address)
            if name != server:
                server = name
                label = fit(f"{name} {escape(step.zone)}", inner - 2, glyphs.ellipsis)
                heading = (f"{label:>{inner}}", "phase.dns")
                lines.append(Text.assemble(f" {glyphs.lifeline}", heading))
            lines += _rung(step, inner, look)
        if rest:
            line = Text(f" {glyphs.lifeline} ")
            lines.append(line.append(fit(rest, inner - 2, glyphs.ellipsis), "error"))
    return lines


def _rung(step: Step, inner: int, look: Look) -> list[Text]:
    """One question, and what came of it."""
    glyphs = look.glyphs
    asked = _arrow(f"{escape(step.name)} {step.type}?", inner, look, back=False)
    took = duration(step.rtt_ms or 0.0)
    if not step.failed:
        return [asked, _arrow(f"{_came(step, look)} ({took})", inner, look, back=True)]
    gone = fit(f"{glyphs.bad} {step.outcome} ({took})", inner - 2, glyphs.ellipsis)
    return [asked, Text(f" {glyphs.lifeline} ").append(look.words(gone), "error")]


def _arrow(words: str, inner: int, look: Look, *, back: bool) -> Text:
    glyphs = look.glyphs
    label = fit(look.words(words), inner - 8, glyphs.ellipsis)
    dashes = glyphs.line * max(1, inner - 5 - len(label))
    if back:
        body = f"{glyphs.arrow_left}{glyphs.line * 2} {label} {dashes}"
    else:
        body = f"{glyphs.line * 2} {label} {dashes}{glyphs.arrow_right}"
    return Text(f" {glyphs.lifeline}{body}{glyphs.lifeline}")
