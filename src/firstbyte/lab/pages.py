"""What the worlds' sites answer: a page, and paths that do one thing each.

==================  =====================================================
``/``               an HTML page, compressed where the client allows it
``/bytes/N``        N bytes
``/stream``         ten lines, one each 200 ms (``/stream/N`` N lines)
``/slow``           thinks 1.5 s before it answers (``/slow/SECONDS``)
``/status/CODE``    an empty answer with that status
``/redirect``       to ``/`` (``/redirect/N``: N redirects)
``/echo``           the request as it came, as text
==================  =====================================================
"""

import asyncio
import gzip
from collections.abc import AsyncIterator, Callable

from msgspec import Struct

from firstbyte.server.http.handler import Asked, Reply

PARAGRAPHS = 1200
STREAM_LINES = 10
STREAM_PAUSE_S = 0.2
THINK_S = 1.5
MAX_BYTES = 100_000_000
MAX_LINES = 100_000
MAX_WAIT_S = 3600.0
TEXT = ("content-type", "text/plain; charset=utf-8")


class Pages(Struct, frozen=True):
    """A site's answers. ``home`` is the path that ``/`` stands for."""

    title: str
    home: str = "/"
    alt_svc: str | None = None
    secure_home: str | None = None
    """Where a request for ``/`` without TLS is sent to, if anywhere."""

    async def __call__(self, asked: Asked) -> Reply:
        """Answer."""
        path = asked.path.partition("?")[0]
        if self.secure_home is not None:
            return _moved(self.secure_home.rstrip("/") + asked.path, 301)
        reply = await self._find(self.home if path == "/" else path, asked)
        more = () if self.alt_svc is None else (("alt-svc", self.alt_svc),)
        fields = (("server", "firstbyte-lab"), ("cache-control", "no-store"), *more)
        return Reply(reply.status, (*reply.fields, *fields), reply.content, reply.parts)

    async def _find(self, path: str, asked: Asked) -> Reply:
        if path == "/":
            return _page(self.title, asked)
        word, _, value = path.strip("/").partition("/")
        if word == "slow":
            await asyncio.sleep(min(_seconds(value, THINK_S), MAX_WAIT_S))
            return _page(self.title, asked)
        make = _MAKERS.get(word)
        if make is None:
            return Reply(404, (TEXT,), b"There is nothing here.\n")
        return make(value, asked)


def _page(title: str, asked: Asked) -> Reply:
    rows = "".join(
        f"<p>Paragraph {number}: {number * 2654435761 % 2**32:08x}"
        f"{number * 40503 % 2**32:08x}{number**3 % 2**32:08x}</p>\n"
        for number in range(PARAGRAPHS)
    )
    html = f"<!doctype html>\n<title>{title}</title>\n<h1>{title}</h1>\n{rows}".encode()
    fields = (("content-type", "text/html; charset=utf-8"), ("vary", "accept-encoding"))
    if "gzip" not in next((v for name, v in asked.fields if name == "accept-encoding"), ""):
        return Reply(200, fields, html)
    return Reply(200, (*fields, ("content-encoding", "gzip")), gzip.compress(html, mtime=0))


def _bytes(value: str, _: Asked) -> Reply:
    size = min(_number(value, 1000), MAX_BYTES)
    return Reply(200, (("content-type", "application/octet-stream"),), bytes(size))


def _stream(value: str, _: Asked) -> Reply:
    return Reply(200, (TEXT,), parts=_lines(min(_number(value, STREAM_LINES), MAX_LINES)))


async def _lines(count: int) -> AsyncIterator[bytes]:
    for number in range(count):
        if number:
            await asyncio.sleep(STREAM_PAUSE_S)
        yield f"line {number + 1} of {count}\n".encode()


def _status(value: str, _: Asked) -> Reply:
    status = _number(value, 200)
    return Reply(status if 200 <= status <= 599 else 400)


def _redirect(value: str, _: Asked) -> Reply:
    count = _number(value, 1)
    return _moved("/" if count <= 1 else f"/redirect/{count - 1}", 302)


def _moved(target: str, status: int) -> Reply:
    return Reply(status, (("location", target),))


def _echo(_: str, asked: Asked) -> Reply:
    lines = [f"{asked.method} {asked.path}", f"host: {asked.authority}"]
    lines += [f"{name}: {value}" for name, value in asked.fields if name != "host"]
    return Reply(200, (TEXT,), ("\n".join(lines) + "\n").encode())


_MAKERS: dict[str, Callable[[str, Asked], Reply]] = {
    "bytes": _bytes,
    "stream": _stream,
    "status": _status,
    "redirect": _redirect,
    "echo": _echo,
}


def _number(text: str, default: int) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else default


def _seconds(text: str, default: float) -> float:
    whole, _, part = text.partition(".")
    digits = whole + part
    return float(text) if digits.isascii() and digits.isdigit() and len(text) < 10 else default
