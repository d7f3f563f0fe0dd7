"""TLS over any stream: the handshake told message by message, then a stream of its own.

``make_settings`` settles how; ``start_tls`` does it. Session resumption and early data will come
as a further argument of ``start_tls``: the engine keeps OpenSSL's connection to itself.
"""

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

from firstbyte.errors import ConnectError, FirstbyteError, TlsError
from firstbyte.events import Scope
from firstbyte.events.tls import (
    Certificates,
    HandshakeFailed,
    HandshakeFinished,
    HandshakeStarted,
    Message,
    Staple,
    Truncated,
    Verified,
    VerifyError,
)
from firstbyte.net.stream import Stream, arrival_ns
from firstbyte.net.system import current
from firstbyte.net.tls_failures import (
    HandshakeState,
    certificate_missed,
    dropped,
    failed,
    left_without_certificate,
    not_tls,
)
from firstbyte.net.tls_settings import TlsChoices, TlsSettings, make_settings
from firstbyte.protocols.tls.messages import decode_message

if TYPE_CHECKING:
    from cryptography import x509

    from firstbyte.net.tls_engine import TlsEngine
    from firstbyte.net.tls_messages import SeenMessage

__all__ = ["TlsChoices", "TlsSettings", "TlsStream", "make_settings", "start_tls"]

_MAX_HANDSHAKE_BYTES = 1 << 20
"""No honest handshake is larger; OpenSSL bounds each message, this bounds their sum."""
_MAX_IDLE_MESSAGES = 100
"""Messages that a peer may send after the handshake without any data between them."""
_CHUNK_BYTES = 1 << 18
"""How much is encrypted at once, so that a large body is not held twice."""


async def start_tls(
    stream: Stream,
    settings: TlsSettings,
    server_name: str,
    alpn: tuple[str, ...],
    scope: Scope,
) -> "TlsStream":
    """Do the handshake over ``stream`` and wrap it; owns the stream from here on.

    Bound it with ``asyncio.timeout``. When the peer's certificate is not acceptable, the
    handshake is finished and told all the same, then the connection is closed.

    Args:
        stream: connected, with nothing sent yet.
        settings: from ``make_settings``.
        server_name: host name or IP address that the peer must prove to have; a host name is
            also sent as SNI.
        alpn: protocols to offer, best first; empty for none.
        scope: that of the connection.

    Raises:
        TlsError: with the id that says why (tls.cert.*, tls.alert.*, tls.dropped, …).

    """
    handshake = _Handshake(stream, settings, scope)
    try:
        return await handshake.run(server_name, alpn)
    except TlsError as error:
        await handshake.give_up()
        if not handshake.finished:
            scope.emit(HandshakeFailed(error.id, error.message))
        raise
    except BaseException:
        stream.abort()
        raise


class _Pump:
    """Moves bytes between engine and stream, and tells the messages that go by."""

    def __init__(self, stream: Stream, engine: "TlsEngine", scope: Scope) -> None:
        self.stream = stream
        self.engine = engine
        self.scope = scope
        self.state = HandshakeState()
        self.details: dict[str, dict[str, Any]] = {}
        """The decoded fields of the last message of each name that the peer sent."""
        self.told = 0
        self._sending = asyncio.Lock()

    async def flush(self) -> int:
        """Send what the engine has ready; tell the messages once they are on their way.

        Gives the time when they left.

        Decoding waits until the bytes are handed over, so that it does not delay the peer.
        """
        sent_ns = self.scope.now_ns()
        try:
            async with self._sending:
                data = self.engine.outgoing()
                if data:
                    sent_ns = self.scope.now_ns()
                    await self.stream.send(data)
        finally:
            self.tell(sent_ns)
        return sent_ns

    def tell(self, sent_ns: int) -> None:
        """Emit the messages seen since the last call; those of ours left at ``sent_ns``."""
        for seen in self.engine.take_messages():
            self.told += 1
            self._tell(seen, sent_ns)

    def _tell(self, seen: "SeenMessage", sent_ns: int) -> None:
        version = self.engine.version_number
        name, detail = decode_message(seen.content_type, seen.data, version)
        self.scope.emit(
            Message(name, len(seen.data), seen.encrypted, detail),
            direction="sent" if seen.sent else "received",
            at_ns=sent_ns if seen.arrived_ns is None else seen.arrived_ns,
        )
        if seen.sent:
            if name == "certificate":
                self.state.certificate_given = bool(detail.get("certificates"))
            return
        self.details[name] = detail
        if name == "alert":
            if detail.get("level") == "fatal":
                self.state.alert = detail["description"]
            return
        self.state.last_message = name
        if name == "certificate_request":
            self.state.certificate_requested = True


class _Handshake:
    """One handshake from the client_hello to the verdict."""

    def __init__(self, stream: Stream, settings: TlsSettings, scope: Scope) -> None:
        self.stream = stream
        self.settings = settings
        self.scope = scope
        self.finished = False
        self._head = b""
        self._received_bytes = 0
        self._pump: _Pump | None = None

    async def run(self, server_name: str, alpn: tuple[str, ...]) -> "TlsStream":
        from firstbyte.net.tls_engines import make_engine

        wall_time_s = current().wall_time_s()
        engine = make_engine(self.settings, server_name, alpn, self.scope.now_ns, wall_time_s)
        pump = self._pump = _Pump(self.stream, engine, self.scope)
        self.scope.emit(HandshakeStarted(engine.sni, alpn))
        complete_ns = await self._exchange(pump)
        self.finished = True
        errors = self._tell_result(pump, wall_time_s, complete_ns)
        if errors and not self.settings.insecure:
            from firstbyte.net.tls_verify import verification_failure

            raise verification_failure(errors, engine.name_checked)
        return TlsStream(pump)

    async def give_up(self) -> None:
        """Say goodbye as far as the peer still listens, and close."""
        try:
            with contextlib.suppress(FirstbyteError):
                if self._pump is not None:
                    self._pump.engine.shut_down()
                    await self._pump.flush()
            with contextlib.suppress(FirstbyteError):
                await self.stream.close(patient=False)
        except asyncio.CancelledError:
            self.stream.abort()
            raise

    async def _exchange(self, pump: _Pump) -> int:
        """Let both sides have their say; gives the time when nothing was left to say."""
        from firstbyte.net.tls_engine import CLOSE_NOTIFY, EngineError

        while True:
            try:
                complete = pump.engine.handshake()
            except EngineError as error:
                pump.tell(self.scope.now_ns())
                if CLOSE_NOTIFY in error.reasons:
                    raise dropped(pump.state, "closed") from error
                raise failed(error.reasons, pump.state) from error
            try:
                sent_ns = await pump.flush()
                if complete:
                    return sent_ns
                await self._receive(pump)
            except ConnectError as error:
                raise dropped(pump.state, "reset") from error

    async def _receive(self, pump: _Pump) -> None:
        data = await self.stream.receive()
        if not data:
            raise dropped(pump.state, "closed")
        arrived_ns = arrival_ns(self.stream, self.scope.now_ns())
        self._check(data)
        pump.engine.feed(data, arrived_ns)

    def _check(self, data: bytes) -> None:
        self._received_bytes += len(data)
        if len(self._head) < 5:
            self._head += data[:64]
            error = not_tls(self._head)
            if error is not None:
                raise error
        if self._received_bytes > _MAX_HANDSHAKE_BYTES:
            raise TlsError(
                "tls.protocol", f"the handshake does not end: {self._received_bytes} bytes came"
            )

    def _tell_result(
        self, pump: _Pump, wall_time_s: float, complete_ns: int
    ) -> tuple[VerifyError, ...]:
        """Emit who the peer is, the verdict and what was agreed; gives the verdict's errors.

        All of it was known when the handshake was complete: that is its time, though describing
        it takes a little longer.
        """
        engine = pump.engine
        errors: tuple[VerifyError, ...] = ()
        if not engine.resumed:
            errors = self._tell_identity(engine, wall_time_s, complete_ns)
        self.scope.emit(_agreed(pump), at_ns=complete_ns)
        return errors

    def _tell_identity(
        self, engine: "TlsEngine", wall_time_s: float, at_ns: int
    ) -> tuple[VerifyError, ...]:
        from firstbyte.net.tls_certificates import describe_chain, parse_chain
        from firstbyte.net.tls_local_roots import tell_origin
        from firstbyte.net.tls_verify import REVOKED, explain_errors, verify_error

        sent, built = engine.chain_sent(), engine.chain_built()
        described = tell_origin(describe_chain(built, sent), self.settings.roots)
        self.scope.emit(Certificates(describe_chain(sent, sent), described), at_ns=at_ns)
        chain = parse_chain(built or sent)
        errors = explain_errors(engine.verify_errors, chain)
        staple = self._read_staple(engine, chain, wall_time_s)
        if staple is not None and staple.status == "revoked" and staple.valid:
            errors = (*errors, verify_error(REVOKED, 0))
        self.scope.emit(Verified(not errors, errors, engine.name_checked, staple), at_ns=at_ns)
        return errors

    def _read_staple(
        self, engine: "TlsEngine", chain: list["x509.Certificate"], wall_time_s: float
    ) -> Staple | None:
        der = engine.staple()
        if der is None:
            return None
        from firstbyte.net.tls_staple import read_staple

        return read_staple(der, chain, wall_time_s)


def _agreed(pump: _Pump) -> HandshakeFinished:
    """What the server's messages say was agreed; OpenSSL's word where they are not shown."""
    engine = pump.engine
    hello = pump.details.get("server_hello", {})
    exchange = pump.details.get("server_key_exchange", {})
    proof = pump.details.get("certificate_verify", exchange)
    return HandshakeFinished(
        version=engine.version,
        cipher=hello.get("cipher_suite") or engine.cipher or "unknown",
        group=hello.get("key_share", exchange).get("group"),
        signature_algorithm=proof.get("signature_algorithm"),
        alpn=engine.alpn,
        resumed=engine.resumed,
        early_data=False,
        compute_ns=engine.compute_ns,
    )


class TlsStream:
    """A ``net.stream.Stream`` of decrypted bytes; made by ``start_tls``.

    ``alpn`` is the protocol that the server chose, or None; ``version`` as in "TLSv1.3".
    """

    def __init__(self, pump: _Pump) -> None:
        self.alpn = pump.engine.alpn
        self.version = pump.engine.version
        self.truncated = False
        """The peer's FIN came without its close_notify: the end may be an attacker's."""
        self.arrived_ns: int | None = None
        """When the last record that ``receive`` took from below came."""
        self._pump = pump
        self._stream = pump.stream
        self._closed = False
        self._idle_messages = 0
        self._answered = False
        self._early: list[bytes] = []

    async def receive(self) -> bytes:
        """The next bytes, or ``b""`` at the peer's close_notify or FIN.

        Raises:
            TlsError: a fatal alert (tls.alert.*, tls.client_certificate_required), or tls.protocol.
            ConnectError: tcp.reset and its like.

        """
        if self._early:
            return self._early.pop(0)
        while True:
            data = await self._read()
            if data is not None:
                return data
            received = await self._receive_below()
            if not received:
                return b""
            self.arrived_ns = arrival_ns(self._stream, self._pump.scope.now_ns())
            self._pump.engine.feed(received, self.arrived_ns)

    async def send(self, data: bytes) -> None:
        """Encrypt ``data`` and hand it over.

        Raises:
            TlsError: the peer had ended the connection by an alert.
            ConnectError: tcp.reset and its like.

        """
        for start in range(0, len(data), _CHUNK_BYTES):
            self._encrypt(data[start : start + _CHUNK_BYTES])
            try:
                await self._pump.flush()
            except ConnectError:
                await self._look_for_alert()
                raise

    async def close(self, *, patient: bool = True) -> None:
        """Send close_notify, then end the stream below. Does not wait for the peer's."""
        if self._closed:
            return
        self._closed = True
        with contextlib.suppress(FirstbyteError):
            self._pump.engine.shut_down()
            await self._pump.flush()
        await self._stream.close(patient=patient)

    def abort(self) -> None:
        """End at once, without close_notify."""
        self._closed = True
        self._stream.abort()

    @property
    def remote_address(self) -> tuple[str, int]:
        """IP address and port of the peer."""
        return self._stream.remote_address

    @property
    def local_address(self) -> tuple[str, int]:
        """IP address and port of our end."""
        return self._stream.local_address

    async def _receive_below(self) -> bytes:
        """The next encrypted bytes; an end before any data may be for want of a certificate."""
        missed = not self._answered and certificate_missed(self._pump.state)
        try:
            data = await self._stream.receive()
        except ConnectError as error:
            if missed:
                raise left_without_certificate("reset") from error
            raise
        if not data:
            if missed:
                raise left_without_certificate("closed")
            self._tell_truncation()
        return data

    def _tell_truncation(self) -> None:
        if not self.truncated:
            self.truncated = True
            self._pump.scope.emit(Truncated(), direction="received")

    async def _read(self) -> bytes | None:
        """Decrypt what is there; send what the engine answers (a key update, an alert)."""
        from firstbyte.net.tls_engine import EngineError

        told = self._pump.told
        try:
            data = self._pump.engine.read()
        except EngineError as error:
            with contextlib.suppress(FirstbyteError):
                await self._pump.flush()
            raise failed(error.reasons, self._pump.state) from error
        await self._pump.flush()
        self._answered = self._answered or bool(data)
        self._idle_messages = 0 if data else self._idle_messages + self._pump.told - told
        if self._idle_messages > _MAX_IDLE_MESSAGES:
            raise TlsError("tls.protocol", "the peer sends messages without end, and no data")
        return data

    def _encrypt(self, data: bytes) -> None:
        from firstbyte.net.tls_engine import EngineError

        try:
            self._pump.engine.write(data)
        except EngineError as error:
            raise failed(error.reasons, self._pump.state) from error

    async def _look_for_alert(self) -> None:
        """A reset often follows an alert that says why: raise that, if it came.

        Data that came before the reset is kept for ``receive``: it may be an early answer.
        """
        kept: list[bytes] = []
        with contextlib.suppress(ConnectError):
            while data := await self.receive():
                kept.append(data)
        self._early = kept
