"""A strict reader of TLS's presentation language (RFC 8446, section 3).

Every read checks the bounds first; what does not fit raises ``DecodeError`` with the offset
counted from the start of the message.
"""

import struct
from collections.abc import Callable, Iterator
from typing import TypeVar

from firstbyte.errors import DecodeError

T = TypeVar("T")


class Cursor:
    """A window on ``data`` that is read from its front.

    ``reference`` is the RFC section that errors cite; windows made by ``vector`` inherit it.
    """

    def __init__(self, data: bytes, reference: str, start: int = 0, end: int | None = None) -> None:
        self.data = data
        self.reference = reference
        self.offset = start
        self.end = len(data) if end is None else end

    def __len__(self) -> int:
        return self.end - self.offset

    def fail(self, field: str, expected: str, found: str, at: int | None = None) -> DecodeError:
        """The error to raise for ``field`` here (or at offset ``at``)."""
        return DecodeError(
            self.offset if at is None else at, field, expected, found, self.reference
        )

    def take(self, count: int, field: str) -> bytes:
        """The next ``count`` bytes."""
        start = self._advance(count, field)
        return self.data[start : self.offset]

    def uint(self, width: int, field: str) -> int:
        """The next big-endian number of ``width`` bytes."""
        start = self._advance(width, field)
        return int.from_bytes(self.data[start : self.offset], "big")

    def u8(self, field: str) -> int:
        """The next byte."""
        return self.uint(1, field)

    def u16(self, field: str) -> int:
        """The next two bytes."""
        return self.uint(2, field)

    def u24(self, field: str) -> int:
        """The next three bytes."""
        return self.uint(3, field)

    def u32(self, field: str) -> int:
        """The next four bytes."""
        return self.uint(4, field)

    def vector(self, width: int, field: str) -> "Cursor":
        """A window on the next vector, whose length stands before it in ``width`` bytes."""
        length = self.uint(width, f"{field} length")
        start = self._advance(length, field)
        return Cursor(self.data, self.reference, start, self.offset)

    def opaque(self, width: int, field: str) -> bytes:
        """The content of the next vector."""
        return self.vector(width, field).rest()

    def u16s(self, width: int, field: str) -> tuple[int, ...]:
        """The next vector of two-byte numbers."""
        window = self.vector(width, field)
        count, odd = divmod(len(window), 2)
        if odd:
            raise window.fail(field, "an even number of bytes", str(len(window)))
        return struct.unpack(f">{count}H", window.rest())

    def rest(self) -> bytes:
        """Everything that is left."""
        start, self.offset = self.offset, self.end
        return self.data[start : self.end]

    def each(self, read: Callable[["Cursor"], T]) -> Iterator[T]:
        """What ``read`` gives, again and again, until the window is empty."""
        while len(self):
            yield read(self)

    def finish(self, field: str) -> None:
        """Nothing may be left after ``field``."""
        if len(self):
            raise self.fail(field, "the end", f"{len(self)} more bytes")

    def _advance(self, count: int, field: str) -> int:
        if count > len(self):
            raise self.fail(field, f"{count} bytes", f"{len(self)}")
        start = self.offset
        self.offset += count
        return start
