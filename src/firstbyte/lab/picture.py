"""``python -m firstbyte.lab.picture FOLDER``: the README's pictures, from the default world.

They differ between machines only by what the versions of OpenSSL differ in.
"""

import sys
from dataclasses import replace
from pathlib import Path

from rich.text import Text

from firstbyte.client.options import HttpOptions, TraceOptions
from firstbyte.client.trace import trace
from firstbyte.journey.model import Journey
from firstbyte.lab.worlds import build_world
from firstbyte.rendering.exports.svg import page_svg
from firstbyte.rendering.ladder import ladder
from firstbyte.rendering.look import Look
from firstbyte.rendering.page import page

WIDTH = 100
FOLLOWING = TraceOptions(http=HttpOptions(follow=True))


def main() -> None:
    """Trace, render, write."""
    folder = Path(sys.argv[1])
    redirected = _traced("http://shop.example/", FOLLOWING)
    _write(folder / "trace.svg", page(redirected, Look(WIDTH)), "-L http://shop.example/")
    direct = _traced("https://shop.example/", replace(FOLLOWING, http=HttpOptions()))
    _write(folder / "ladder.svg", ladder(direct, Look(WIDTH)), "--ladder https://shop.example/")


def _traced(url: str, options: TraceOptions) -> Journey:
    with build_world() as world:
        return world.run(trace(url, options))


def _write(file: Path, lines: list[Text], arguments: str) -> None:
    title = f"firstbyte --lab {arguments}"
    file.write_text(page_svg(lines, WIDTH, title, file.stem), encoding="utf-8")


if __name__ == "__main__":
    main()
