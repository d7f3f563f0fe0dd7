"""A client's side of TLS over memory buffers: bytes in, bytes out, every message seen. No I/O.

The work is OpenSSL's; which copy of it works is the affair of ``Connection``: ``tls_pyopenssl`` or,
where what is sent must repeat, ``tls_libssl``.
"""

import contextlib
from collections.abc import Callable
from typing import Protocol, TypeVar

from firstbyte.net.tls_messages import SeenMessage, SeenMessages
from firstbyte.net.tls_peer_name import PeerName

_T = TypeVar("_T")
_READ_BYTES = 65536
CLOSE_NOTIFY = "close_notify during the handshake"


class EngineError(Exception):
    """OpenSSL gave up. ``reasons`` are its words, in the order that it said them."""

    def __init__(self, reasons: tuple[str, ...]) -> None:
        super().__init__("; ".join(reasons) or "unknown reason")
        self.reasons = reasons


class WantsMoreError(Exception):
    """OpenSSL cannot go on without more bytes from the peer."""


class PeerEndedError(Exception):
    """The peer said close_notify."""


class Connection(Protocol):
    """One connection of one OpenSSL.

    ``do_handshake``, ``recv``, ``send`` and ``shutdown`` raise WantsMoreError, PeerEndedError and
    EngineError.
    """

    def do_handshake(self) -> None:
        """Go on with the handshake until it is complete."""

    def bio_write(self, data: bytes) -> None:
        """Take in what the peer sent."""

    def bio_read(self) -> bytes:
        """Give what is to be sent to the peer, once."""

    def recv(self, size: int) -> bytes:
        """Decrypted bytes, at most so many."""

    def send(self, data: memoryview) -> int:
        """Encrypt; how many bytes were taken."""

    def shutdown(self) -> None:
        """Say close_notify."""

    @property
    def version(self) -> str:
        """As in the RFCs: "TLSv1.3"."""

    @property
    def version_number(self) -> int:
        """As on the wire: 0x0304."""

    @property
    def cipher(self) -> str | None:
        """OpenSSL's name of the cipher suite in force."""

    @property
    def alpn(self) -> str | None:
        """The protocol that the server chose, or None."""

    @property
    def resumed(self) -> bool:
        """Whether the handshake resumed an earlier session."""

    def staple(self) -> bytes | None:
        """The OCSP response that came with the handshake, DER."""

    def chain_sent(self) -> list[bytes]:
        """The peer's certificates as it sent them, leaf first, DER."""

    def chain_built(self) -> list[bytes]:
        """The chain that verification built, leaf first, DER."""

    def verify_errors(self) -> list[tuple[int, int]]:
        """The faults of that chain: (OpenSSL's code, depth), in the order that they were found."""


class TlsEngine:
    """One client connection; ``tls_engines.make_engine`` makes it.

    Args:
        connection: OpenSSL's part, which shows its messages to ``seen``.
        peer: who is asked for.
        now_ns: the network's clock.
        seen: takes the messages.

    """

    def __init__(
        self,
        connection: Connection,
        peer: PeerName,
        now_ns: Callable[[], int],
        seen: SeenMessages,
    ) -> None:
        self.now_ns = now_ns
        self.compute_ns = 0
        self.ended = False
        """The peer said close_notify."""
        self.sni = peer.sni
        self.name_checked = peer.checked
        self._seen = seen
        self._connection = connection

    def handshake(self) -> bool:
        """Go on with the handshake; True when it is complete.

        Raises:
            EngineError: it failed; an alert may wait in ``outgoing``.

        """
        try:
            self._run(self._connection.do_handshake)
        except WantsMoreError:
            return False
        except PeerEndedError:
            raise EngineError((CLOSE_NOTIFY,)) from None
        return True

    def feed(self, data: bytes, arrived_ns: int) -> None:
        """Bytes came from the peer at ``arrived_ns``."""
        self._seen.arrived_ns = arrived_ns
        self._connection.bio_write(data)

    def outgoing(self) -> bytes:
        """All bytes that wait to be sent to the peer, once."""
        return self._connection.bio_read()

    def read(self) -> bytes | None:
        """Decrypted bytes; None when more input is needed, ``b""`` at the peer's close_notify.

        Raises:
            EngineError: an alert or a record that makes no sense.

        """
        if self.ended:
            return b""
        try:
            return self._run(lambda: self._connection.recv(_READ_BYTES))
        except WantsMoreError:
            return None
        except PeerEndedError:
            return b""

    def write(self, data: bytes) -> None:
        """Encrypt ``data``; the records wait in ``outgoing``.

        Raises:
            EngineError: the connection is broken.

        """
        view = memoryview(data)
        while view:
            try:
                written = self._run(lambda part=view: self._connection.send(part))  # type: ignore[misc]
            except WantsMoreError:
                raise EngineError(("the peer asked for a renegotiation",)) from None
            except PeerEndedError:
                raise EngineError((CLOSE_NOTIFY,)) from None
            view = view[written:]

    def shut_down(self) -> None:
        """Put close_notify into ``outgoing``, if the state allows it."""
        with contextlib.suppress(EngineError, WantsMoreError, PeerEndedError):
            self._run(self._connection.shutdown)

    def take_messages(self) -> list[SeenMessage]:
        """The messages that were seen since the last call."""
        return self._seen.take()

    @property
    def version(self) -> str:
        """As in the RFCs: "TLSv1.3"."""
        return self._connection.version

    @property
    def version_number(self) -> int:
        """As on the wire: 0x0304."""
        return self._connection.version_number

    @property
    def cipher(self) -> str | None:
        """OpenSSL's name of the cipher suite in force."""
        return self._connection.cipher

    @property
    def alpn(self) -> str | None:
        """The protocol that the server chose, or None."""
        return self._connection.alpn

    @property
    def resumed(self) -> bool:
        """Whether the handshake resumed an earlier session."""
        return self._connection.resumed

    def staple(self) -> bytes | None:
        """The OCSP response that came with the handshake, DER."""
        return self._connection.staple()

    def chain_sent(self) -> list[bytes]:
        """The peer's certificates as it sent them, leaf first, DER."""
        return self._connection.chain_sent()

    def chain_built(self) -> list[bytes]:
        """The chain that verification built, leaf first, DER."""
        return self._connection.chain_built()

    @property
    def verify_errors(self) -> list[tuple[int, int]]:
        """(OpenSSL's code, depth), in the order that they were found."""
        return self._connection.verify_errors()

    def _run(self, call: Callable[[], _T]) -> _T:
        started_ns = self.now_ns()
        try:
            return call()
        except PeerEndedError:
            self.ended = True
            raise
        finally:
            self.compute_ns += self.now_ns() - started_ns
