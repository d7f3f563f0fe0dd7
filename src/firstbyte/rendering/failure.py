"""What happened, where and what to do, when the trace ended in an error."""

from rich.text import Text

from firstbyte.journey.model import Journey
from firstbyte.rendering.escape import escape
from firstbyte.rendering.look import Look
from firstbyte.rendering.wrapping import paragraph

TEXT_AT = 14


def failure(journey: Journey, look: Look) -> list[Text]:
    """A block for the outcome's error; nothing when there is none."""
    error = journey.outcome.error
    if error is None:
        return []
    lines = paragraph(
        (f"{look.glyphs.bad} failed", "error"),
        look.words(escape(error.message)),
        "title",
        look.width,
        TEXT_AT,
    )
    where = f"in {error.phase}, after {_after(journey)} · {error.id} · exit code "
    where += str(journey.outcome.exit_code)
    lines.extend(_labelled("where", where, "", look))
    if error.hint:
        lines.extend(_labelled("hint", error.hint, "fix", look))
    return lines


def _labelled(label: str, text: str, style: str, look: Look) -> list[Text]:
    shown = look.words(escape(text))
    return paragraph((f"  {label}", "dim"), shown, style, look.width, TEXT_AT)


def _after(journey: Journey) -> str:
    from firstbyte.rendering.units import duration

    return duration(journey.totals.last_byte_ms)
