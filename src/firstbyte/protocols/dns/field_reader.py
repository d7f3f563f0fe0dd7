"""Reads a message's octets field by field, and notes each: where, how long, what it means."""

from typing import NamedTuple

from firstbyte.errors import DecodeError
from firstbyte.protocols.dns import walker
from firstbyte.protocols.dns.names import to_text
from firstbyte.protocols.dns.presentation import class_text, type_text

MAX_FIELDS = 20_000
SHOWN_OCTETS = 24


class Field(NamedTuple):
    """Octets from ``at``, ``size`` of them; 0 for headings and single bits. ``depth`` indents."""

    at: int
    size: int
    depth: int
    label: str
    value: str = ""
    problem: str = ""
    """The rule that is broken here, if one is."""
    mask: int = 0
    """For bits: which of the 16 bits at ``at``."""


class EndedError(Exception):
    """The octets end before the field does; it has been noted with its problem."""


class Reader:
    """``limit`` is where the present part ends: the message, or the data of a record."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0
        self.limit = len(data)
        self.part = "message"
        self.fields: list[Field] = []

    def add(
        self, size: int, depth: int, label: str, value: str = "", problem: str = "", mask: int = 0
    ) -> None:
        """Note a field at the present place, without going on.

        Raises:
            EndedError: there are more fields than anybody reads.

        """
        if len(self.fields) >= MAX_FIELDS:
            raise EndedError
        self.fields.append(Field(self.at, size, depth, label, value, problem, mask))

    def take(self, size: int, depth: int, label: str) -> bytes:
        """The next octets, which the caller describes.

        Raises:
            EndedError: they are not there.

        """
        end = self.at + size
        if end > self.limit:
            left = max(0, self.limit - self.at)
            wanted = "1 octet" if size == 1 else f"{size} octets"
            problem = f"the {self.part} ends: {wanted} wanted, {left} there (RFC 1035, 4.1)"
            self.add(left, depth, label, "", problem)
            self.at = self.limit
            raise EndedError
        return self.data[self.at : end]

    def put(self, size: int, depth: int, label: str, value: str, problem: str = "") -> None:
        """Note a field that ``take`` gave, and go on behind it."""
        self.add(size, depth, label, value, problem)
        self.at += size

    def number(self, size: int, depth: int, label: str, show: str = "") -> int:
        """An unsigned number; ``show`` may name a registry: "type" or "class"."""
        value = int.from_bytes(self.take(size, depth, label), "big")
        text = str(value)
        if show == "type":
            text = f"{type_text(value)} ({value})"
        elif show == "class":
            text = f"{class_text(value)} ({value})"
        self.put(size, depth, label, text)
        return value

    def octets(self, size: int, depth: int, label: str) -> None:
        """Octets as they are."""
        piece = self.take(size, depth, label)
        text = piece.hex(" ") if size <= SHOWN_OCTETS else f"{size} octets"
        self.put(size, depth, label, text)

    def text(self, size: int, depth: int, label: str) -> None:
        """Octets that people read."""
        piece = self.take(size, depth, label)
        self.put(size, depth, label, f'"{piece.decode("utf-8", "backslashreplace")}"')

    def string(self, depth: int, label: str) -> None:
        """A character-string with its length in front (RFC 1035, 3.3)."""
        length = self.take(1, depth, label)[0]
        piece = self.take(length + 1, depth, label)
        self.put(length + 1, depth, label, f'"{piece[1:].decode("utf-8", "backslashreplace")}"')

    def counted(self, depth: int, label: str) -> None:
        """Octets with their number in front."""
        length = self.take(1, depth, label)[0]
        piece = self.take(length + 1, depth, label)[1:]
        self.put(length + 1, depth, label, piece.hex(" ") or "none")

    def name(self, depth: int, label: str) -> str:
        """A name: its labels, its pointer, and what it is in full."""
        self.add(0, depth, label, whole_name(self.data, self.at))
        heading = len(self.fields) - 1
        while True:
            octet = self.take(1, depth + 1, "label")[0]
            if octet >= 0xC0:
                self._pointer(depth + 1)
                break
            if octet > 63:
                problem = "label types 01 and 10 are not in use (RFC 6891, 5)"
                self.put(self.limit - self.at, depth + 1, "label", f"0x{octet:02x}", problem)
                raise EndedError
            piece = self.take(octet + 1, depth + 1, "label")
            text = to_text(piece + b"\0").removesuffix(".") if octet else "the root"
            self.put(octet + 1, depth + 1, "end" if octet == 0 else "label", text)
            if octet == 0:
                break
        return self.fields[heading].value

    def _pointer(self, depth: int) -> None:
        value = int.from_bytes(self.take(2, depth, "pointer"), "big") & 0x3FFF
        problem = "" if value < self.at else "it must lead backwards (RFC 1035, 4.1.4)"
        text = f"to {value}: {whole_name(self.data, value)}"
        self.put(2, depth, "pointer", text, problem)


def whole_name(data: bytes, at: int) -> str:
    """The name at an offset, or why there is none."""
    try:
        return to_text(walker.read_name(data, at, {})[0])
    except (DecodeError, IndexError):
        return "not a name"
