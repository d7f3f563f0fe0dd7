"""The findings, worst first, each with its evidence and its cure."""

from collections.abc import Sequence

from rich.text import Text

from firstbyte.journey.model import Finding, Journey, Severity
from firstbyte.rendering.escape import escape
from firstbyte.rendering.look import Look
from firstbyte.rendering.wrapping import paragraph, wrap

SEVERITIES: tuple[Severity, ...] = ("critical", "error", "warning", "info")
"""Worst first."""
INDENT = 2
TEXT_AT = 14


def ordered(journey: Journey) -> list[Finding]:
    """Worst first; the order of the diagnosis among equals."""
    return sorted(journey.findings, key=lambda finding: SEVERITIES.index(finding.severity))


def findings(journey: Journey, look: Look) -> list[Text]:
    """A block for each finding of a journey, worst first."""
    return blocks(ordered(journey), look)


def blocks(found: Sequence[Finding], look: Look) -> list[Text]:
    """A block for each finding, with an empty line between them."""
    lines: list[Text] = []
    for finding in found:
        if lines:
            lines.append(Text(""))
        lines.extend(_block(finding, look))
    return lines


def _block(finding: Finding, look: Look) -> list[Text]:
    mark = {"critical": look.glyphs.bad, "error": look.glyphs.bad, "warning": look.glyphs.warn}
    sign = mark.get(finding.severity, look.glyphs.note)
    head = Text.assemble(
        (f"{sign} {finding.severity}", finding.severity), "  ", (escape(finding.id), "title")
    )
    width = look.width
    sentence = wrap(look.words(escape(finding.finding)), width - INDENT)
    lines = [head, *(Text(" " * INDENT + line) for line in sentence)]
    for label, text, style in (
        ("evidence", finding.evidence, ""),
        ("fix", finding.fix, "fix"),
        ("see", _reference(finding), "dim"),
    ):
        if text:
            shown = look.words(escape(text))
            lines.extend(paragraph((f"  {label}", "dim"), shown, style, width, TEXT_AT))
    return lines


def _reference(finding: Finding) -> str:
    more = f"firstbyte explain {finding.id}"
    return f"{finding.reference} · {more}" if finding.reference else more
