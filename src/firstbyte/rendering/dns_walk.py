"""The walk from the root: every question that was sent, to whom, and what came back."""

from rich.text import Text

from firstbyte.journey.resolution import Step, Walk
from firstbyte.rendering.escape import escape
from firstbyte.rendering.look import Look
from firstbyte.rendering.units import duration, plural
from firstbyte.rendering.wrapping import fit

_STYLES = {"answer": "good", "referral": "", "nodata": "warning", "nxdomain": "warning"}
_TIME_CELLS = 9


def walk(value: Walk, look: Look) -> list[Text]:
    """A line for each question, with the zone as its heading."""
    asked = plural(len(value.steps), "question")
    head = f"The walk: {asked} in {duration(value.total_ms)}"
    lines = [Text(look.words(head), style="title")]
    zone: str | None = None
    for step in value.steps:
        if step.zone != zone:
            zone = step.zone
            lines.append(Text("  " + fit(escape(zone), look.width - 2), style="phase.dns"))
        lines += _step(step, look)
    return lines


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
    for step in value.steps:
        name = escape(step.server or step.address)
        if name != server:
            server = name
            label = fit(f"{name} {escape(step.zone)}", inner - 2, glyphs.ellipsis)
            lines.append(Text.assemble(f" {glyphs.lifeline}", (f"{label:>{inner}}", "phase.dns")))
        question = f"{escape(step.name)} {step.type}?"
        lines.append(_arrow(question, inner, look, back=False))
        took = duration(step.rtt_ms or 0.0)
        if step.failed:
            gone = fit(f"{glyphs.bad} {step.outcome} ({took})", inner - 2, glyphs.ellipsis)
            line = Text(f" {glyphs.lifeline} ")
            lines.append(line.append(look.words(gone), "error"))
        else:
            lines.append(_arrow(f"{_came(step, look)} ({took})", inner, look, back=True))
    return lines


def _arrow(words: str, inner: int, look: Look, *, back: bool) -> Text:
    glyphs = look.glyphs
    label = fit(look.words(words), inner - 8, glyphs.ellipsis)
    dashes = glyphs.line * max(1, inner - 5 - len(label))
    if back:
        body = f"{glyphs.arrow_left}{glyphs.line * 2} {label} {dashes}"
    else:
        body = f"{glyphs.line * 2} {label} {dashes}{glyphs.arrow_right}"
    return Text(f" {glyphs.lifeline}{body}{glyphs.lifeline}")
