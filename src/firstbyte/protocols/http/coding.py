"""Content-Encoding undone piece by piece (RFC 9110, 8.4.1; 1950-1952, 7932, 8878 with 9659).

A decoder holds no more than one piece: it gives out at most ``PIECE_BYTES`` (zstd: a few MiB at
worst, as its blocks come whole) for each step, whatever a small input may swell to.
"""

import zlib
from collections.abc import Iterator
from typing import Any, Protocol

from firstbyte.errors import DecodeError

PIECE_BYTES = 65_536
MAX_CODINGS = 5
ZSTD_WINDOW_BYTES = 8 * 1024 * 1024
"""RFC 9659: a content coding must not need a larger window."""

_ZSTD_STEP_BYTES = 1024
_GZIP_MAGIC = b"\x1f\x8b"
_REFERENCE = {"gzip": "RFC 1952", "deflate": "RFC 1950", "br": "RFC 7932", "zstd": "RFC 8878"}


class Decoder(Protocol):
    """One coding undone."""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The pieces that ``data`` completes.

        Raises:
            DecodeError: the data break the coding's format.

        """

    def finish(self) -> None:
        """The input is over.

        Raises:
            DecodeError: it ended too early.

        """


class _Tally:
    """Input position, for errors."""

    def __init__(self, coding: str) -> None:
        self.coding = coding
        self.offset = 0

    def error(self, expected: str, found: str) -> DecodeError:
        return DecodeError(self.offset, self.coding, expected, found, _REFERENCE[self.coding])


class ZlibDecoder:
    """gzip with any number of members, or deflate with its zlib wrapper or (as some send) raw."""

    def __init__(self, coding: str) -> None:
        self._tally = _Tally(coding)
        self._gzip = coding == "gzip"
        self._head = b""
        self._inflate: Any = zlib.decompressobj(31) if self._gzip else None
        self._ended = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The pieces that ``data`` completes; what follows the last gzip member is ignored."""
        size = len(data)
        if self._inflate is None:
            data = self._choose_wrapper(data)
        piece = b""
        # zlib may have taken all input and still hold output when a piece came full
        while (data or len(piece) == PIECE_BYTES) and not self._ended:
            piece, data = self._step(data)
            if piece:
                yield piece
        self._tally.offset += size

    def _choose_wrapper(self, data: bytes) -> bytes:
        """RFC 9110, 8.4.1.2: deflate is zlib's format, but some servers send it bare."""
        self._head += data
        if len(self._head) < 2:
            return b""
        wrapped = self._head[0] & 0x0F == 8 and int.from_bytes(self._head[:2], "big") % 31 == 0
        self._inflate = zlib.decompressobj(15 if wrapped else -15)
        return self._head

    def _step(self, data: bytes) -> tuple[bytes, bytes]:
        try:
            piece: bytes = self._inflate.decompress(data, PIECE_BYTES)
        except zlib.error as error:
            raise self._tally.error("valid compressed data", str(error)) from error
        if not self._inflate.eof:
            return piece, self._inflate.unconsumed_tail
        rest: bytes = self._inflate.unused_data
        if self._gzip and rest and _GZIP_MAGIC.startswith(rest[:2]):
            self._inflate = zlib.decompressobj(31)
            return piece, rest
        self._ended = not self._gzip or bool(rest)
        if self._gzip and not rest:
            self._inflate = _AfterMember()
        return piece, b""

    def finish(self) -> None:
        """Refuse a stream that is cut; no data at all is no content."""
        complete = self._ended or isinstance(self._inflate, _AfterMember)
        if self._tally.offset and not complete:
            raise self._tally.error("the end of the compressed stream", "the end of the content")


class _AfterMember:
    """Between two gzip members: another may begin with the next bytes, or nothing more comes."""

    eof = True

    def __init__(self) -> None:
        self.unused_data = b""

    def decompress(self, data: bytes, _limit: int) -> bytes:
        self.unused_data += data
        return b""


class BrotliDecoder:
    """br."""

    def __init__(self) -> None:
        import brotli

        self._tally = _Tally("br")
        self._brotli = brotli
        self._decompressor: Any = brotli.Decompressor()

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The pieces that ``data`` completes; what follows the stream's end is ignored."""
        size = len(data)
        while not self._decompressor.is_finished():
            piece = self._step(data)
            data = b""
            if piece:
                yield piece  # and ask again: it may hold more output, though all input is taken
            elif self._decompressor.can_accept_more_data():
                break
        self._tally.offset += size

    def _step(self, data: bytes) -> bytes:
        try:
            piece: bytes = self._decompressor.process(data, output_buffer_limit=PIECE_BYTES)
        except self._brotli.error as error:
            raise self._tally.error("valid compressed data", str(error)) from error
        return piece

    def finish(self) -> None:
        """Refuse a stream that is cut; no data at all is no content."""
        if self._tally.offset and not self._decompressor.is_finished():
            raise self._tally.error("the end of the compressed stream", "the end of the content")


class ZstdDecoder:
    """zstd, frame after frame."""

    def __init__(self) -> None:
        import zstandard

        self._tally = _Tally("zstd")
        self._zstandard = zstandard
        self._new = zstandard.ZstdDecompressor(max_window_size=ZSTD_WINDOW_BYTES).decompressobj
        self._frame: Any = self._new()
        self._in_frame = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The pieces that ``data`` completes."""
        for start in range(0, len(data), _ZSTD_STEP_BYTES):
            step = data[start : start + _ZSTD_STEP_BYTES]
            while step:
                piece, step = self._step(step)
                if piece:
                    yield piece
        self._tally.offset += len(data)

    def _step(self, data: bytes) -> tuple[bytes, bytes]:
        self._in_frame = True
        try:
            piece: bytes = self._frame.decompress(data)
        except self._zstandard.ZstdError as error:
            raise self._tally.error("valid compressed data", str(error)) from error
        if not self._frame.eof:
            return piece, b""
        rest: bytes = self._frame.unused_data
        self._frame = self._new()
        self._in_frame = False
        return piece, rest

    def finish(self) -> None:
        """Refuse a frame that is cut."""
        if self._in_frame:
            raise self._tally.error("the end of the compressed stream", "the end of the content")


class Chain:
    """Several codings, undone from the last applied to the first."""

    def __init__(self, decoders: list[Decoder]) -> None:
        self._decoders = decoders

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The pieces that come out at the end."""
        yield from self._through(data, 0)

    def _through(self, data: bytes, place: int) -> Iterator[bytes]:
        if place == len(self._decoders):
            yield data
            return
        for piece in self._decoders[place].feed(data):
            yield from self._through(piece, place + 1)

    def finish(self) -> None:
        """Ask each."""
        for decoder in self._decoders:
            decoder.finish()


def make_decoder(encoding: str | None) -> Decoder | None:
    """The decoder for a Content-Encoding field; null when there is nothing to undo.

    Raises:
        DecodeError: a coding is not known, or there are absurdly many.

    """
    names = [name.strip().lower() for name in (encoding or "").split(",")]
    names = [name for name in names if name not in ("", "identity")]
    if not names:
        return None
    if len(names) > MAX_CODINGS:
        raise DecodeError(
            0,
            "Content-Encoding",
            f"at most {MAX_CODINGS} codings",
            str(len(names)),
            "RFC 9110, 8.4",
        )
    decoders = [_make(name) for name in reversed(names)]
    return decoders[0] if len(decoders) == 1 else Chain(decoders)


def _make(name: str) -> Decoder:
    match "gzip" if name == "x-gzip" else name:
        case "gzip" | "deflate" as coding:
            return ZlibDecoder(coding)
        case "br":
            return BrotliDecoder()
        case "zstd":
            return ZstdDecoder()
        case _:
            raise DecodeError(
                0,
                "Content-Encoding",
                "gzip, deflate, br or zstd",
                repr(name[:40]),
                "RFC 9110, 8.4.1",
            )
