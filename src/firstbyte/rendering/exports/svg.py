"""A page as an SVG picture of a terminal, for documents."""

import io
import re
from collections.abc import Iterable

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.text import Text

from firstbyte.rendering.paint import painter

# The viewer's own monospace font will do: a picture should load nothing from the network.
_PLAIN_FORMAT = re.sub(r"@font-face \{\{.*?\}\}\n", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)


def page_svg(lines: Iterable[Text], width: int, title: str, name: str) -> str:
    """The lines of a page of ``width`` cells in a window called ``title``.

    ``name`` keeps the styles of two pictures in one document apart.
    """
    console = painter(io.StringIO(), width, record=True)
    for line in lines:
        console.print(line, no_wrap=True, overflow="ignore", crop=False, soft_wrap=True)
    console.print()  # the window's edge cuts the underscores of the last line
    return console.export_svg(title=title, code_format=_PLAIN_FORMAT, unique_id=name)
