"""OpenSSL over memory buffers: bytes in, bytes out, every message seen. No I/O of its own."""

import ipaddress
from collections.abc import Callable
from typing import Any

from msgspec import Struct
from OpenSSL import SSL, crypto

from firstbyte.errors import UsageError
from firstbyte.net import tls_bindings
from firstbyte.protocols.tls.messages import CHANGE_CIPHER_SPEC, HANDSHAKE

_WANTS_MORE = object()
_READ_BYTES = 65536
_APPLICATION_DATA = 23
CLOSE_NOTIFY = "close_notify during the handshake"
_UNSPECIFIED = 1
"""X509_V_ERR_UNSPECIFIED."""
_TLS12 = 0x0303
_TLS13 = 0x0304


class SeenMessage(Struct, frozen=True):
    """One message as OpenSSL showed it. ``arrived_ns`` is null for one that is to be sent."""

    sent: bool
    content_type: int
    data: bytes
    encrypted: bool
    arrived_ns: int | None


class EngineError(Exception):
    """OpenSSL gave up. ``reasons`` are its words, in the order that it said them."""

    def __init__(self, reasons: tuple[str, ...]) -> None:
        super().__init__("; ".join(reasons) or "unknown reason")
        self.reasons = reasons


class TlsEngine:
    """One client connection.

    Args:
        context: from ``TlsSettings.context``.
        server_name: host name (IDNA or not) or IP address: for SNI and for the check of the
            certificate.
        alpn: protocols to offer, best first.
        now_ns: the network's clock.
        wall_time_s: Unix time for validity dates.

    """

    def __init__(
        self,
        context: SSL.Context,
        server_name: str,
        alpn: tuple[str, ...],
        now_ns: Callable[[], int],
        wall_time_s: float,
    ) -> None:
        self.now_ns = now_ns
        self.compute_ns = 0
        self.verify_errors: list[tuple[int, int]] = []
        """(OpenSSL's code, depth), in the order that they were found."""
        self.messages: list[SeenMessage] = []
        """What was seen and not yet taken away."""
        self.ended = False
        """The peer said close_notify."""
        self._arrived_ns = now_ns()
        self._encrypted = {True: False, False: False}
        self._connection = SSL.Connection(context, None)
        self._connection.set_connect_state()
        self.sni, self.name_checked = self._expect(server_name)
        if alpn:
            self._connection.set_alpn_protos([name.encode() for name in alpn])
        self._connection.request_ocsp()
        tls_bindings.verify_at(self._connection, int(wall_time_s))
        tls_bindings.watch(self._connection, self)

    def handshake(self) -> bool:
        """Go on with the handshake; True when it is complete.

        Raises:
            EngineError: it failed; an alert may wait in ``outgoing``.

        """
        result = self._run(self._connection.do_handshake)
        if self.ended:
            raise EngineError((CLOSE_NOTIFY,))
        return result is not _WANTS_MORE

    def feed(self, data: bytes, arrived_ns: int) -> None:
        """Bytes came from the peer at ``arrived_ns``."""
        self._arrived_ns = arrived_ns
        self._connection.bio_write(data)

    def outgoing(self) -> bytes:
        """All bytes that wait to be sent to the peer, once."""
        parts: list[bytes] = []
        while True:
            try:
                parts.append(self._connection.bio_read(_READ_BYTES))
            except SSL.WantReadError:
                return b"".join(parts)

    def read(self) -> bytes | None:
        """Decrypted bytes; None when more input is needed, ``b""`` at the peer's close_notify.

        Raises:
            EngineError: an alert or a record that makes no sense.

        """
        if self.ended:
            return b""
        data = self._run(lambda: self._connection.recv(_READ_BYTES))
        if data is _WANTS_MORE:
            return None
        return bytes(data)

    def write(self, data: bytes) -> None:
        """Encrypt ``data``; the records wait in ``outgoing``.

        Raises:
            EngineError: the connection is broken.

        """
        view = memoryview(data)
        while view:
            written = self._run(lambda part=view: self._connection.send(part))  # type: ignore[misc]
            if written is _WANTS_MORE:
                raise EngineError(("the peer asked for a renegotiation",))
            view = view[written:]

    def shut_down(self) -> None:
        """Put close_notify into ``outgoing``, if the state allows it."""
        try:
            self._run(self._connection.shutdown)
        except EngineError:
            return

    def take_messages(self) -> list[SeenMessage]:
        """The messages that were seen since the last call."""
        taken, self.messages = self.messages, []
        return taken

    def on_message(self, sent: bool, content_type: int, data: bytes) -> None:
        """Called back by OpenSSL for each record header and each message."""
        if content_type == tls_bindings.RECORD_HEADER:
            self._on_record(sent, data)
        elif CHANGE_CIPHER_SPEC < content_type <= HANDSHAKE:
            self._note(sent, content_type, data)

    def on_verify_error(self, code: int, depth: int) -> None:
        """Called back by OpenSSL for each fault of the peer's chain."""
        if (code, depth) not in self.verify_errors:
            self.verify_errors.append((code, depth))

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

    def _expect(self, server_name: str) -> tuple[str | None, str]:
        """Set SNI and the name to check; gives both. An address is never sent (RFC 6066, 3)."""
        try:
            address = ipaddress.ip_address(server_name.strip("[]").partition("%")[0])
        except ValueError:
            name = _ascii_name(server_name)
            self._connection.set_tlsext_host_name(name.encode())
            self._must(tls_bindings.expect_host(self._connection, name.encode()))
            return name, name
        self._must(tls_bindings.expect_address(self._connection, address.packed))
        return None, str(address)

    def _must(self, checked: bool) -> None:
        """A name that cannot be checked is not accepted."""
        if not checked:
            self.on_verify_error(_UNSPECIFIED, 0)

    def _run(self, call: Callable[[], Any]) -> Any:
        started_ns = self.now_ns()
        try:
            return call()
        except SSL.WantReadError:
            return _WANTS_MORE
        except SSL.ZeroReturnError:
            self.ended = True
            return b""
        except SSL.Error as error:
            raise EngineError(_reasons(error)) from error
        finally:
            self.compute_ns += self.now_ns() - started_ns

    def _on_record(self, sent: bool, header: bytes) -> None:
        """A record's header tells what its messages cannot: whether they are encrypted.

        In TLS 1.3 encrypted records pose as application data; in TLS 1.2 everything after
        change_cipher_spec is encrypted, and that message shows by its header alone.
        """
        if header[0] == CHANGE_CIPHER_SPEC:
            self._note(sent, CHANGE_CIPHER_SPEC, b"\x01")
            if self.version_number <= _TLS12:
                self._encrypted[sent] = True
        elif self.version_number >= _TLS13:
            self._encrypted[sent] = header[0] == _APPLICATION_DATA

    def _note(self, sent: bool, content_type: int, data: bytes) -> None:
        self.messages.append(
            SeenMessage(
                sent=sent,
                content_type=content_type,
                data=data,
                encrypted=self._encrypted[sent] and content_type != CHANGE_CIPHER_SPEC,
                arrived_ns=None if sent else self._arrived_ns,
            )
        )


def _as_der(chain: list[crypto.X509] | None) -> list[bytes]:
    return [crypto.dump_certificate(crypto.FILETYPE_ASN1, each) for each in chain or ()]


def _ascii_name(name: str) -> str:
    """The name as it goes on the wire: A-labels (RFC 5891), without the root's dot."""
    plain = name.rstrip(".")
    if plain.isascii():
        return plain.lower()
    import idna

    try:
        return idna.encode(plain, uts46=True).decode()
    except idna.IDNAError as error:
        raise UsageError(f"{name!r} is no host name: {error}") from error


def _reasons(error: SSL.Error) -> tuple[str, ...]:
    queue = error.args[0] if error.args and isinstance(error.args[0], list) else []
    return tuple(str(entry[2]) for entry in queue)
