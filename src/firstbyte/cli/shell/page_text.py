"""A journey as the text to print, for the terminal (or file) that it goes to."""

from typing import TextIO

from firstbyte.cli.shell.terminal import has_colour, look_of
from firstbyte.journey.model import Journey


def headline_line(journey: Journey, stream: TextIO) -> str:
    """The headline with its newline. Loads neither rich nor the other renderers."""
    from firstbyte.rendering.headline import headline_text

    return headline_text(journey, look_of(stream)) + "\n"


def failure_line(journey: Journey, stream: TextIO) -> str:  # noqa: ARG001
    """What curl would say of a failure, where no page says it; empty after success."""
    from firstbyte.rendering.escape import escape

    outcome = journey.outcome
    if outcome.error is None:
        return ""
    return f"firstbyte: ({outcome.exit_code}) {escape(outcome.error.message)}\n"


def page_text(journey: Journey, stream: TextIO, *, ladder: bool, verbose: bool) -> str:
    """The whole page."""
    from firstbyte.rendering.page import Detail, page
    from firstbyte.rendering.paint import paint

    look = look_of(stream)
    lines = page(journey, look, Detail(ladder=ladder, verbose=verbose))
    return paint(lines, width=look.width, colour=has_colour(stream))
