"""The one place where lines get their colours: from style names to a terminal's sequences."""

import io
from collections.abc import Iterable

from rich.console import Console
from rich.text import Text
from rich.theme import Theme

THEME = Theme(
    {
        "url": "bold",
        "title": "bold",
        "dim": "dim",
        "good": "green",
        "warning": "yellow",
        "error": "bold red",
        "critical": "bold white on red",
        "info": "cyan",
        "fix": "green",
        "number": "bold",
        "phase.dns": "bright_blue",
        "phase.tcp": "green",
        "phase.tls": "magenta",
        "phase.quic": "bright_green",
        "phase.send": "cyan",
        "phase.wait": "yellow",
        "phase.receive": "bright_cyan",
        "layer.dns": "bright_blue",
        "layer.tcp": "green",
        "layer.tls": "magenta",
        "layer.quic": "bright_green",
        "layer.http": "bright_cyan",
        "layer.trace": "white",
        "layer.link": "yellow",
    },
    inherit=False,
)


def paint(lines: Iterable[Text], *, width: int, colour: bool) -> str:
    """``lines`` as the text to print, each ended by a newline, without trailing spaces."""
    if not colour:
        return "".join(f"{line.plain.rstrip()}\n" for line in lines)
    out = io.StringIO()
    console = painter(out, width)
    for line in lines:
        line.rstrip()
        console.print(line, no_wrap=True, overflow="ignore", crop=False, soft_wrap=True)
    return out.getvalue()


def painter(out: io.StringIO, width: int, *, record: bool = False) -> Console:
    """A console that knows our style names and writes colours into ``out``."""
    return Console(
        file=out,
        width=width,
        force_terminal=True,
        color_system="standard",
        theme=THEME,
        highlight=False,
        markup=False,
        emoji=False,
        record=record,
        legacy_windows=False,
        _environ={},
    )
