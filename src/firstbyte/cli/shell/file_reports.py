"""Reports that follow a format of others: curl's ``-w``, HAR."""

import sys
from pathlib import Path
from typing import Any

import msgspec

from firstbyte.cli.shell.files import WRITE_FAILED, FileError, read_text, write_bytes
from firstbyte.journey.model import Journey
from firstbyte.rendering.exports.har import archive, page_of
from firstbyte.rendering.exports.writeout import Piece, write_out
from firstbyte.rendering.exports.writeout_variables import Transfer


class WriteOut:
    """``-w FORMAT``: in the order of the command line, to wherever the format says."""

    def __init__(self, template: str, filename: str | None) -> None:
        self._template = read_text(template[1:]) if template.startswith("@") else template
        self._filename = filename
        self._waiting: dict[int, list[Piece]] = {}
        self._made: set[str] = set()
        self._next = 0

    def add(self, index: int, journey: Journey) -> None:
        """Write it, and those that waited for it."""
        transfer = Transfer(journey, index, self._filename)
        self._waiting[index] = write_out(self._template, transfer)
        while self._next in self._waiting:
            self._write(self._waiting.pop(self._next))
            self._next += 1

    def close(self) -> None:
        """Write what is left (a trace between may have been cancelled)."""
        for index in sorted(self._waiting):
            self._write(self._waiting[index])

    def _write(self, pieces: list[Piece]) -> None:
        for piece in pieces:
            if piece.file is not None:
                self._to_file(piece.file, piece)
            else:
                out = sys.stderr if piece.stream == "stderr" else sys.stdout
                out.write(piece.text)
                out.flush()

    def _to_file(self, name: str, piece: Piece) -> None:
        """``%output{file}`` begins a file anew at its first use, ``%output{>>file}`` never."""
        mode = "a" if piece.append or name in self._made else "w"
        self._made.add(name)
        try:
            with Path(name).open(mode, encoding="utf-8") as out:
                out.write(piece.text)
        except OSError as fault:
            words = f"cannot write {name}: {fault.strerror or fault}"
            raise FileError(words, WRITE_FAILED) from fault


class Har:
    """``--har FILE``: written when all journeys are there; it keeps their entries only."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._log: dict[str, Any] = archive(())["log"]
        self._pages: dict[int, tuple[dict[str, Any], list[dict[str, Any]]]] = {}

    def add(self, index: int, journey: Journey) -> None:
        """Keep its entries."""
        self._pages[index] = page_of(journey, f"page_{index + 1}")

    def close(self) -> None:
        """Write the archive."""
        for index in sorted(self._pages):
            page, entries = self._pages[index]
            self._log["pages"].append(page)
            self._log["entries"].extend(entries)
        encoded = msgspec.json.format(msgspec.json.encode({"log": self._log}), indent=2)
        write_bytes(self._name, encoded + b"\n")
