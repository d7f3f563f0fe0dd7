"""pyOpenSSL's connections: those of real networks, and the judges of certificates everywhere."""

from collections.abc import Callable
from typing import TypeVar

from OpenSSL import SSL, crypto

from firstbyte.net import tls_bindings
from firstbyte.net.tls_engine import EngineError, PeerEndedError, WantsMoreError
from firstbyte.net.tls_messages import SeenMessages
from firstbyte.net.tls_peer_name import PeerName

_T = TypeVar("_T")
_BIO_BYTES = 65536
UNSPECIFIED = 1
"""X509_V_ERRUNSPECIFIED: a chain or a name that cannot be checked, and so is not accepted."""


class PyOpenSslConnection:
    """A ``tls_engine.Connection``.

    Args:
        context: from ``TlsSettings.context``.
        peer: for SNI and for the check of the certificate.
        alpn: protocols to offer, best first.
        wall_time_s: Unix time for validity dates.
        seen: takes the messages.

    """

    def __init__(
        self,
        context: SSL.Context,
        peer: PeerName,
        alpn: tuple[str, ...],
        wall_time_s: float,
        seen: SeenMessages,
    ) -> None:
        self._seen = seen
        self._verify_errors: list[tuple[int, int]] = []
        self._connection = SSL.Connection(context, None)
        self._connection.set_connect_state()
        self._expect(peer)
        if alpn:
            self._connection.set_alpn_protos([name.encode() for name in alpn])
        self._connection.request_ocsp()
        tls_bindings.verify_at(self._connection, int(wall_time_s))
        tls_bindings.watch(self._connection, self)

    def do_handshake(self) -> None:
        """Go on with the handshake until it is complete."""
        _translate(self._connection.do_handshake)

    def bio_write(self, data: bytes) -> None:
        """Take in what the peer sent."""
        self._connection.bio_write(data)

    def bio_read(self) -> bytes:
        """Give what is to be sent to the peer, once."""
        parts: list[bytes] = []
        while True:
            try:
                parts.append(self._connection.bio_read(_BIO_BYTES))
            except SSL.WantReadError:
                return b"".join(parts)

    def recv(self, size: int) -> bytes:
        """Decrypted bytes, at most so many."""
        return bytes(_translate(lambda: self._connection.recv(size)))

    def send(self, data: memoryview) -> int:
        """Encrypt; how many bytes were taken."""
        return _translate(lambda: self._connection.send(data))

    def shutdown(self) -> None:
        """Say close_notify."""
        _translate(self._connection.shutdown)

    @property
    def version(self) -> str:
        """As in the RFCs: "TLSv1.3"."""
        return self._connection.get_protocol_version_name()

    @property
    def version_number(self) -> int:
        """As on the wire: 0x0304."""
        return self._connection.get_protocol_version()

    @property
    def cipher(self) -> str | None:
        """OpenSSL's name of the cipher suite in force."""
        return self._connection.get_cipher_name()

    @property
    def alpn(self) -> str | None:
        """The protocol that the server chose, or None."""
        return self._connection.get_alpn_proto_negotiated().decode("ascii", "replace") or None

    @property
    def resumed(self) -> bool:
        """Whether the handshake resumed an earlier session."""
        return tls_bindings.is_resumed(self._connection)

    def staple(self) -> bytes | None:
        """The OCSP response that came with the handshake, DER."""
        return tls_bindings.staple(self._connection)

    def chain_sent(self) -> list[bytes]:
        """The peer's certificates as it sent them, leaf first, DER."""
        return _as_der(self._connection.get_peer_cert_chain())

    def chain_built(self) -> list[bytes]:
        """The chain that verification built, leaf first, DER."""
        return _as_der(self._connection.get_verified_chain())

    def verify_errors(self) -> list[tuple[int, int]]:
        """The faults of that chain: (OpenSSL's code, depth), in the order that they were found."""
        return self._verify_errors

    def on_message(self, sent: bool, content_type: int, data: bytes) -> None:
        """Called back by OpenSSL for each record header and each message."""
        self._seen.show(sent, self.version_number, content_type, data)

    def on_verify_error(self, code: int, depth: int) -> None:
        """Called back by OpenSSL for each fault of the peer's chain."""
        if (code, depth) not in self._verify_errors:
            self._verify_errors.append((code, depth))

    def _expect(self, peer: PeerName) -> None:
        """Set SNI and the name to check; one that cannot be checked is not accepted."""
        if peer.address is None:
            name = peer.checked.encode()
            self._connection.set_tlsext_host_name(name)
            checked = tls_bindings.expect_host(self._connection, name)
        else:
            checked = tls_bindings.expect_address(self._connection, peer.address)
        if not checked:
            self.on_verify_error(UNSPECIFIED, 0)


def _translate(call: Callable[[], _T]) -> _T:
    """The call's result; pyOpenSSL's exceptions become the engine's."""
    try:
        return call()
    except SSL.WantReadError as error:
        raise WantsMoreError from error
    except SSL.ZeroReturnError as error:
        raise PeerEndedError from error
    except SSL.Error as error:
        raise EngineError(_reasons(error)) from error


def _as_der(chain: list[crypto.X509] | None) -> list[bytes]:
    return [crypto.dump_certificate(crypto.FILETYPE_ASN1, each) for each in chain or ()]


def _reasons(error: SSL.Error) -> tuple[str, ...]:
    queue = error.args[0] if error.args and isinstance(error.args[0], list) else []
    return tuple(str(entry[2]) for entry in queue)
