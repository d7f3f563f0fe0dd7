"""What stdout is: how wide, which characters, colours or not (NO_COLOR, FORCE_COLOR, COLUMNS)."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TextIO

from firstbyte.rendering.look import MAX_WIDTH, MIN_WIDTH, Look


def look_of(stream: TextIO, environment: Mapping[str, str] = os.environ) -> Look:
    """The width and character set for pages on ``stream``."""
    dumb = environment.get("TERM") == "dumb"
    return Look(width=_width(stream, environment), unicode=_is_utf8(stream) and not dumb)


def has_colour(stream: TextIO, environment: Mapping[str, str] = os.environ) -> bool:
    """Whether colours are wanted: no-color.org, force-color.org, then: only on a terminal."""
    if environment.get("NO_COLOR"):
        return False
    forced = environment.get("FORCE_COLOR")
    if forced:
        return forced not in {"0", "false"}
    return environment.get("TERM") != "dumb" and stream.isatty()


def make_streams_safe() -> None:
    """Characters that the streams' encoding lacks become escapes, never an error.

    A stream that was closed (``>&-``) is like one to nowhere: daemons are started so.
    """
    # Python has None in place of a stream whose descriptor is closed.
    if sys.stdout is None:
        sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - to the end
    if sys.stderr is None:
        sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - to the end
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def _width(stream: TextIO, environment: Mapping[str, str]) -> int:
    columns = environment.get("COLUMNS", "")
    if columns.isascii() and columns.isdigit() and int(columns) > 0:
        width = int(columns)
    elif stream.isatty():
        from shutil import get_terminal_size  # which loads every compression: 2 ms

        width = get_terminal_size().columns
    else:
        width = MIN_WIDTH
    return max(MIN_WIDTH, min(MAX_WIDTH, width))


def _is_utf8(stream: TextIO) -> bool:
    return (stream.encoding or "").lower().replace("-", "") == "utf8"
