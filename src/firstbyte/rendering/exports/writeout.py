r"""curl's ``-w``: a format with ``%{variables}``, ``%header{Name}``, ``%output{file}`` and escapes.

What curl 8 documents is understood; what it prints for an unknown variable, a lone ``%`` or an
unknown escape is printed here too. Values come from ``writeout_variables``.
"""

import re
from collections.abc import Iterator

from msgspec import Struct

from firstbyte.journey.model import Journey
from firstbyte.rendering.escape import escape
from firstbyte.rendering.exports.writeout_variables import Transfer, header_values, text_of

_TOKEN = re.compile(
    r"%(?P<percent>%)"
    r"|%\{(?P<variable>[^}]*)\}"
    r"|%header\{(?P<header>[^}]*)\}"
    r"|%output\{(?P<output>[^}]*)\}"
    r"|\\(?P<escape>[rnt])"
)
_ESCAPES = {"r": "\r", "n": "\n", "t": "\t"}
_ALL = ":all:"


class Piece(Struct, frozen=True):
    """Text and where it goes: ``stdout``, ``stderr``, or a file to be made or appended to."""

    stream: str
    text: str
    file: str | None = None
    append: bool = False


def write_out(template: str, transfer: Transfer) -> list[Piece]:
    """The text of ``template`` for one journey, in pieces by destination."""
    return list(_pieces(template, transfer))


def _pieces(template: str, transfer: Transfer) -> Iterator[Piece]:
    target = Piece("stdout", "")
    place = 0
    for match in _TOKEN.finditer(template):
        yield from _plain(target, template[place : match.start()])
        place = match.end()
        name = match["variable"]
        if name in {"stdout", "stderr"}:
            target = Piece(name, "")
        elif name == "onerror" and transfer.journey.outcome.ok:
            return
        elif match["output"] is not None:
            append = match["output"].startswith(">>")
            target = Piece("file", "", match["output"].removeprefix(">>"), append)
        elif name is not None and name != "onerror":
            yield from _variable(target, name, transfer)
        elif name is None:
            yield from _plain(target, _literal(match, transfer.journey))
    yield from _plain(target, template[place:])


def _plain(target: Piece, text: str) -> Iterator[Piece]:
    if text:
        yield Piece(target.stream, text, target.file, target.append)


def _literal(match: re.Match[str], journey: Journey) -> str:
    if match["percent"]:
        return "%"
    if match["escape"]:
        return _ESCAPES[match["escape"]]
    return _header(match["header"], journey)


def _header(name: str, journey: Journey) -> str:
    """``%header{Name}``: the first value; ``%header{Name:all:SEPARATOR}``: all values."""
    plain, everything, separator = name.partition(_ALL)
    values = [escape(value) for value in header_values(journey, plain)]
    return separator.join(values) if everything else "".join(values[:1])


def _variable(target: Piece, name: str, transfer: Transfer) -> Iterator[Piece]:
    text = text_of(name, transfer)
    if text is None:
        yield Piece("stderr", f"firstbyte: unknown --write-out variable: '{escape(name)}'\n")
    else:
        yield from _plain(target, text)
