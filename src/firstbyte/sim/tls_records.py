"""OpenSSL over a simulated socket: what it wants to read is received, what it says is sent.

The object looks to ``ssl.SSLSocket``'s own methods as the one that OpenSSL makes over a descriptor.
"""

import ssl
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

T = TypeVar("T")

HEADER_BYTES = 5


class Wire(Protocol):
    """The connection below, as the socket sees it: blocking or not."""

    def receive_bytes(self, size: int) -> bytes:
        """At least one byte, or none at the end; ``BlockingIOError`` when it would have to wait."""

    def send_bytes(self, data: bytes) -> int:
        """How many bytes were taken; ``BlockingIOError`` when there is no room."""


class Records:
    """One connection's TLS. What is not here (``version``, ``cipher``) is OpenSSL's own."""

    def __init__(self, wire: Wire, context: ssl.SSLContext, **options: Any) -> None:
        self._wire = wire
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = context.wrap_bio(self._incoming, self._outgoing, **options)
        self._tls: Any = tls._sslobj  # type: ignore[attr-defined]  # noqa: SLF001
        self._unsent = b""
        self._accepted = 0
        self._header = b""
        self._missing = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tls, name)

    def __setattr__(self, name: str, value: Any) -> None:
        """``session`` and ``context`` are OpenSSL's."""
        if name.startswith("_"):
            object.__setattr__(self, name, value)
        else:
            setattr(self._tls, name, value)

    def do_handshake(self) -> None:
        """To its end; ``SSLWantReadError`` or ``SSLWantWriteError`` when it would have to wait."""
        self._drive(self._tls.do_handshake)
        self._flush()

    def read(self, size: int = 1024, buffer: Any = None) -> Any:
        """Plaintext, or how much of it was put into ``buffer``."""
        room = (size,) if buffer is None else (size, buffer)
        return self._drive(lambda: self._tls.read(*room))

    def write(self, data: Any) -> int:
        """All of ``data``.

        What does not fit is not encrypted anew: it is to be offered again, as to OpenSSL.
        """
        self._flush()
        if not self._accepted:
            self._accepted = self._drive(lambda: self._tls.write(data))
            self._flush()
        count, self._accepted = self._accepted, 0
        return count

    def shutdown(self) -> Wire:
        """Say that this is all, and wait for the peer to say it."""
        self._drive(self._tls.shutdown)
        self._flush()
        return self._wire

    def _drive(self, call: Callable[[], T]) -> T:
        """What ``call`` gives once enough was received."""
        while True:
            try:
                return call()
            except ssl.SSLWantReadError:
                self._flush()
                self._fill()
            except ssl.SSLError:
                self._say_farewell()
                raise

    def _flush(self) -> None:
        self._unsent += self._outgoing.read()
        while self._unsent:
            try:
                count = self._wire.send_bytes(self._unsent)
            except BlockingIOError:
                raise ssl.SSLWantWriteError(
                    ssl.SSL_ERROR_WANT_WRITE, "The operation did not complete (write)"
                ) from None
            self._unsent = self._unsent[count:]

    def _say_farewell(self) -> None:
        """The alert, if the peer can still be told."""
        try:
            self._flush()
        except OSError:
            self._unsent = b""

    def _fill(self) -> None:
        """One step towards a whole record: no byte beyond, which ``select`` would miss."""
        wanted = self._missing or HEADER_BYTES - len(self._header)
        try:
            data = self._wire.receive_bytes(wanted)
        except BlockingIOError:
            raise ssl.SSLWantReadError(
                ssl.SSL_ERROR_WANT_READ, "The operation did not complete (read)"
            ) from None
        if not data:
            self._incoming.write_eof()
            return
        self._incoming.write(data)
        if self._missing:
            self._missing -= len(data)
            return
        self._header += data
        if len(self._header) == HEADER_BYTES:
            self._missing = int.from_bytes(self._header[3:], "big")
            self._header = b""
