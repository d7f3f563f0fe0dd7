"""Counts a response's content as it comes, undoes its coding, and hands it on; keeps none of it."""

from collections.abc import Callable, Iterator

from firstbyte.errors import DecodeError, HttpError
from firstbyte.events import Scope
from firstbyte.events.http import BodyReceived, Headers
from firstbyte.net.merging import ReadMerger
from firstbyte.protocols.http.coding import Decoder, make_decoder
from firstbyte.protocols.http.messages import find_headers

DECODED_ALWAYS_BYTES = 64 * 1024 * 1024
"""Content may grow to this size when decoded, whatever its transferred size."""

DECODED_FACTOR = 256
"""Beyond that it may be this many times the transferred size; then it is a bomb."""


class ContentCounter:
    """The content of one response.

    ``max_bytes`` cuts the transferred content; ``sink`` takes the decoded pieces.
    """

    def __init__(
        self, scope: Scope, max_bytes: int | None, sink: Callable[[bytes], object] | None
    ) -> None:
        self._scope = scope
        self._max_bytes = max_bytes
        self._sink = sink
        self._merger = ReadMerger(self._emit)
        self._decoder: Decoder | None = None
        self._to_decode: str | None = None
        self.cut = False
        """Content beyond ``max_bytes`` came and was left out."""
        self.body_bytes = 0
        self.decoded_bytes: int | None = 0
        self.encoding: str | None = None

    @property
    def full(self) -> bool:
        """``max_bytes`` is reached."""
        return self._max_bytes is not None and self.body_bytes >= self._max_bytes

    def start(self, headers: Headers, *, decode: bool) -> None:
        """Read Content-Encoding; the decoder is made when content comes."""
        self.encoding = ", ".join(find_headers(headers, "content-encoding")).strip().lower() or None
        self._to_decode = self.encoding if decode else None

    def add(self, data: bytes, at_ns: int) -> None:
        """Content came, as transferred.

        Raises:
            HttpError: http.bad_encoding or write.failed.

        """
        if self._max_bytes is not None:
            room = self._max_bytes - self.body_bytes
            self.cut = self.cut or len(data) > room
            data = data[:room]
        if not data:
            return
        self.body_bytes += len(data)
        self._merger.add(len(data), at_ns)
        try:
            for piece in self._decode(data):
                self._hand_on(piece)
        except DecodeError as error:
            raise self._bad_encoding(str(error)) from error

    def _decode(self, data: bytes) -> Iterator[bytes]:
        if self._to_decode is not None:
            self._decoder = make_decoder(self._to_decode)
            self._to_decode = None
        return iter((data,)) if self._decoder is None else self._pieces(self._decoder, data)

    def _pieces(self, decoder: Decoder, data: bytes) -> Iterator[bytes]:
        """Decoded pieces until the bound; beyond it decoding stops and the size is not known."""
        if self.decoded_bytes is None:
            return
        ceiling = max(DECODED_ALWAYS_BYTES, DECODED_FACTOR * self.body_bytes)
        for piece in decoder.feed(data):
            if self.decoded_bytes + len(piece) > ceiling:
                if self._sink is not None:
                    raise self._bad_encoding(f"it swells to more than {ceiling} bytes: a bomb")
                self.decoded_bytes = None
                return
            yield piece

    def _hand_on(self, piece: bytes) -> None:
        if self.decoded_bytes is not None:
            self.decoded_bytes += len(piece)
        if self._sink is not None:
            try:
                self._sink(piece)
            except OSError as error:
                raise HttpError(
                    "write.failed", f"the content could not be written: {error}", phase="receive"
                ) from error

    def finish(self) -> None:
        """The content is whole.

        Raises:
            HttpError: http.bad_encoding: its compressed form was cut.

        """
        if self._decoder is None or self.decoded_bytes is None:
            return
        try:
            self._decoder.finish()
        except DecodeError as error:
            raise self._bad_encoding(str(error)) from error

    def flush(self) -> None:
        """Record content that is still being merged."""
        self._merger.flush()

    def _bad_encoding(self, problem: str) -> HttpError:
        self.decoded_bytes = None
        return HttpError(
            "http.bad_encoding",
            f"the content's coding {self.encoding!r} cannot be undone: {problem}",
            "ask without compression (-H 'Accept-Encoding: identity') to see what is sent",
            phase="receive",
        )

    def _emit(self, count: int, reads: int, first_ns: int, span_ns: int) -> None:
        self._scope.emit(BodyReceived(count, reads, span_ns), direction="received", at_ns=first_ns)
