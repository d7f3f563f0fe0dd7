"""``python -m firstbyte.lab.loopback.picture FOLDER``: pictures of a real trace of the site."""

import asyncio
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.text import Text

from firstbyte.journey.model import Journey
from firstbyte.lab.loopback.site import running_site
from firstbyte.lab.loopback.tracing import trace_site
from firstbyte.rendering.exports.svg import page_svg
from firstbyte.rendering.ladder import ladder
from firstbyte.rendering.look import Look
from firstbyte.rendering.page import page

WIDTH = 100


def main() -> None:
    """Trace, render, write."""
    journey = asyncio.run(_traced())
    folder = Path(sys.argv[1])
    title = f"firstbyte {journey.url}"
    _write(folder / "trace.svg", page(journey, Look(WIDTH)), title)
    _write(folder / "ladder.svg", ladder(journey, Look(WIDTH)), title.replace(" ", " --ladder "))


def _write(file: Path, lines: list[Text], title: str) -> None:
    file.write_text(page_svg(lines, WIDTH, title, file.stem), encoding="utf-8")


async def _traced() -> Journey:
    """The second of two traces: the first one filled the machine's caches."""
    with TemporaryDirectory(prefix="firstbyte-") as folder:
        saved = Path(folder) / "journey.json"
        async with running_site() as site:
            for _ in range(2):
                await trace_site(site, ["-q", "--save", str(saved)])
        return Journey.from_json(saved.read_bytes())


if __name__ == "__main__":
    main()
