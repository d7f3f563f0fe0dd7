"""``firstbyte explain TERM``: what a finding, an event, a state or an error message means."""

import sys
from typing import TYPE_CHECKING

import click

from firstbyte.cli.shell.grouped import GroupedCommand

if TYPE_CHECKING:
    from rich.text import Text

    from firstbyte.diagnosis.pages import Page
    from firstbyte.rendering.look import Look

NOTHING_FOUND = 1
MOST_OTHERS = 8

EPILOG = """\
\b
Examples:
  firstbyte explain tls.cert.expired
  firstbyte explain ERR_CERT_DATE_INVALID
  firstbyte explain "curl: (35) wrong version number"
  firstbyte explain                       list every page
"""


@click.command(
    "explain",
    cls=GroupedCommand,
    epilog=EPILOG,
    short_help="What a finding, an error message, an event or a state means.",
)
@click.argument("term", nargs=-1)
def command(term: tuple[str, ...]) -> int:
    """Explain TERM: its meaning, how to see it, how to mend it, where it is written.

    TERM is an id of firstbyte's, or the words of any other program. Without TERM, every page is
    listed. The exit code is 1 when nothing is known of TERM.
    """
    from firstbyte.diagnosis.explain import all_pages, find

    words = " ".join(term)
    if not words.strip():
        from firstbyte.rendering.explained import listed

        _print(listed(all_pages(), _look()))
        return 0
    pages = find(words)
    return _show(pages) if pages else _nothing(words)


def _show(pages: "list[Page]") -> int:
    from rich.text import Text

    from firstbyte.rendering.explained import explained, listed

    lines = explained(pages[0], _look())
    if len(pages) > 1:
        others = listed(pages[1 : 1 + MOST_OTHERS], _look())
        lines += [Text(""), Text("Perhaps you mean one of these:", style="dim"), *others]
    _print(lines)
    return 0


def _nothing(words: str) -> int:
    from firstbyte.cli.shell.entry import complain
    from firstbyte.diagnosis.explain import suggestions

    near = suggestions(words)
    hint = f"did you mean {', '.join(near)}?" if near else "firstbyte explain lists every page"
    return complain(f"nothing is known of {words!r}", hint, NOTHING_FOUND)


def _look() -> "Look":
    from firstbyte.cli.shell.terminal import look_of

    return look_of(sys.stdout)


def _print(lines: "list[Text]") -> None:
    from firstbyte.cli.shell.terminal import has_colour
    from firstbyte.rendering.paint import paint

    sys.stdout.write(paint(lines, width=_look().width, colour=has_colour(sys.stdout)))
