"""HTTP/3: a QUIC connection and the exchanges on it, told as quic.*, tls.* and http.* events."""

import asyncio
import socket
from collections.abc import Callable
from typing import NoReturn

from firstbyte.client.exchange import ExchangeLimits, Progress, Response, Sink
from firstbyte.client.quic_failures import exchange_failure, handshake_failure, socket_failure
from firstbyte.client.quic_link import QuicLink
from firstbyte.client.quic_tale import QuicTale
from firstbyte.errors import ConnectionLifeError, HttpError, TlsError
from firstbyte.events import Scope
from firstbyte.events.quic import (
    ConnectionCancelled,
    ConnectionFailed,
    ConnectionStarted,
    HandshakeCompleted,
)
from firstbyte.events.tls import HandshakeFailed, HandshakeFinished, HandshakeStarted
from firstbyte.net.system import current
from firstbyte.net.tls_judge import judge_chain
from firstbyte.net.tls_settings import TlsSettings, append_secret
from firstbyte.net.tls_verify import verification_failure
from firstbyte.protocols.http.messages import MachineEvent, Request, ResponseBegan
from firstbyte.protocols.quic.http3 import Http3Machine, QuicParameters
from firstbyte.protocols.quic.sights import Sight

ALPN = ("h3",)
IDLE_TIMEOUT_S = 30.0


async def connect_quic(
    address: str,
    port: int,
    server_name: str,
    settings: TlsSettings,
    scope: Scope,
    *,
    attempt: int = 1,
    interface: str | None = None,
    max_header_bytes: int = 256 * 1024,
) -> "QuicConnection":
    """Make a QUIC connection that speaks HTTP/3; the caller bounds the time.

    When the peer's certificate is not acceptable, the handshake is finished and told all the
    same, then the connection is closed.

    Args:
        address: IP address, with its zone if it is link-local.
        port: UDP port.
        server_name: host name or IP address that the peer must prove to have.
        settings: from ``net.tls.make_settings``.
        scope: that of this connection ("quic1").
        attempt: its number in the race.
        interface: local IP address or device to send from.
        max_header_bytes: bound of a header section.

    Raises:
        QuicError: quic.timed_out, quic.refused, quic.version, quic.handshake.
        TlsError: tls.cert.*, tls.alert.* and their like, as over TCP.
        ConnectError: this host cannot send there.

    """
    scope.emit(ConnectionStarted(attempt, address, port, "1"), direction="sent")
    connection = QuicConnection(server_name, settings, scope, max_header_bytes)
    try:
        await connection.open((address, port), interface)
    except asyncio.CancelledError:
        connection.abort()
        scope.emit(ConnectionCancelled())
        raise
    except ConnectionLifeError as error:
        connection.abort()
        if isinstance(error, TlsError) and not connection.established:
            scope.emit(HandshakeFailed(error.id, error.message))
        scope.emit(ConnectionFailed(error.id, error.message))
        raise
    except BaseException:
        connection.abort()
        raise
    return connection


class QuicConnection:
    """One QUIC connection; made by ``connect_quic``. Requests go one after another."""

    version = "3"
    alpn = "h3"

    def __init__(
        self, server_name: str, settings: TlsSettings, scope: Scope, max_header_bytes: int
    ) -> None:
        self._server_name = server_name.removesuffix(".")
        self._settings = settings
        self._scope = scope
        self._machine = Http3Machine(
            QuicParameters(
                server_name=self._server_name,
                alpn=ALPN,
                idle_timeout_s=IDLE_TIMEOUT_S,
                max_header_bytes=max_header_bytes,
                on_secret=_key_log(settings),
            )
        )
        self._tale = QuicTale(scope)
        self._link = QuicLink(self._machine, scope.now_ns, self._on_sights, self._on_error)
        self._news = asyncio.Event()
        self._error: OSError | None = None
        self._remote = ("", 0)
        self._run: Progress | None = None
        self._run_error: HttpError | None = None
        self._shut = False
        self.established = False

    @property
    def remote_address(self) -> tuple[str, int]:
        """IP address and port of the peer."""
        return self._remote

    @property
    def local_address(self) -> tuple[str, int]:
        """IP address and port of our end."""
        return self._link.address("sockname")

    @property
    def can_reuse(self) -> bool:
        """Another request may follow."""
        return not self._shut and self._machine.can_reuse

    async def open(self, remote: tuple[str, int], interface: str | None) -> None:
        """Do the handshake; ``connect_quic`` calls it once."""
        self._remote = remote
        try:
            await self._bind(remote, interface)
        except OSError as error:
            raise socket_failure(error, remote) from error
        self._scope.emit(HandshakeStarted(_sni(self._server_name), ALPN))
        self._machine.connect(self._scope.now_ns() / 1e9)
        self._link.advance()
        while self._tale.handshake.connected is None:
            self._check_handshake()
            await self._wait()
        self.established = True
        self._judge()

    async def exchange(
        self,
        request: Request,
        scope: Scope,
        limits: ExchangeLimits | None = None,
        sink: Sink | None = None,
    ) -> Response:
        """Send ``request`` and read its whole response, as ``client.exchange.exchange`` does.

        Raises:
            HttpError: http.*; QuicError: quic.timed_out, quic.closed.

        """
        self._scope = self._tale.scope = scope
        run = self._run = Progress(request, scope, limits or ExchangeLimits(), sink)
        try:
            number = self._machine.request(request)
            run.started(self._machine.version, number)
            self._link.advance()
            while not run.finished:
                self._check_exchange(run)
                await self._wait()
            self._tale.rtt("end", self._machine.rtt)
            return run.response(reusable=self._machine.can_reuse)
        finally:
            self._run = None
            run.flush()
            self._tale.flush()

    async def close(self) -> None:
        """Say that we go (H3_NO_ERROR), and forget the connection."""
        self.abort()

    def abort(self) -> None:
        """The same at once: QUIC's CONNECTION_CLOSE needs no answer; never raises."""
        if self._shut:
            return
        self._shut = True
        self._machine.close()
        self._link.advance()
        self._link.shut()
        self._tale.flush()

    # inside

    async def _bind(self, remote: tuple[str, int], interface: str | None) -> None:
        loop = asyncio.get_running_loop()
        if interface is None:
            await loop.create_datagram_endpoint(lambda: self._link, remote_addr=remote)
        elif _is_address(interface):
            await loop.create_datagram_endpoint(
                lambda: self._link, local_addr=(interface, 0), remote_addr=remote
            )
        else:
            sock = _device_socket(remote, interface)
            await loop.create_datagram_endpoint(lambda: self._link, sock=sock)

    async def _wait(self) -> None:
        self._news.clear()
        await self._news.wait()

    def _on_sights(self, sights: list[Sight], at_ns: int) -> None:
        events = self._tale.tell(sights, at_ns)
        run = self._run
        if run is not None and self._run_error is None:
            self._progress(run, events, at_ns)
        self._news.set()

    def _progress(self, run: Progress, events: list[MachineEvent], at_ns: int) -> None:
        machine = self._machine
        if machine.request_sent:
            run.sent(machine.head_bytes, machine.body_bytes_sent)
        if any(isinstance(event, ResponseBegan) for event in events):
            self._tale.rtt("first_byte", machine.rtt)
        try:
            run.take(events, at_ns)
        except HttpError as error:
            self._run_error = error  # raised by the waiting coroutine, not in asyncio's callback

    def _on_error(self, error: OSError) -> None:
        """After the peer has answered once, ICMP may be forged and is not believed."""
        if not self._link.received_datagrams:
            self._error = error
            self._news.set()

    def _check_handshake(self) -> None:
        if self._error is not None:
            raise socket_failure(self._error, self._remote) from self._error
        if self._tale.ended is not None:
            raise handshake_failure(self._tale.ended, self._tale.handshake)

    def _check_exchange(self, run: Progress) -> None:
        if self._run_error is not None:
            raise self._run_error
        if self._tale.ended is not None:
            raise exchange_failure(self._tale.ended, run.phase, self._tale.handshake)

    def _judge(self) -> None:
        """Tell who the peer is and what was agreed; end here if it is not acceptable."""
        tale = self._tale.handshake
        connected, at_ns = tale.connected, tale.connected_ns
        if connected is None:
            return
        failure = None if connected.resumed else self._judge_chain(tale.chain, at_ns)
        hello = tale.details.get("server_hello", {})
        self._scope.emit(
            HandshakeFinished(
                version="TLSv1.3",
                cipher=hello.get("cipher_suite") or "unknown",
                group=hello.get("key_share", {}).get("group"),
                signature_algorithm=tale.details.get("certificate_verify", {}).get(
                    "signature_algorithm"
                ),
                alpn=connected.alpn,
                resumed=connected.resumed,
                early_data=connected.early_data,
                compute_ns=self._link.compute_ns,
            ),
            at_ns=at_ns,
        )
        local = self.local_address
        self._scope.emit(
            HandshakeCompleted(
                local[0], local[1], connected.version, connected.retry, connected.early_data
            ),
            direction="received",
            at_ns=at_ns,
        )
        self._tale.rtt("connected", self._machine.rtt)
        if failure is not None:
            self._refuse("bad_certificate", failure)
        if connected.alpn not in ALPN:
            self._refuse(
                "no_application_protocol",
                TlsError("tls.no_common_alpn", "the server agreed on QUIC, but not on HTTP/3"),
            )

    def _judge_chain(self, chain: list[bytes], at_ns: int) -> TlsError | None:
        judgement = judge_chain(
            chain,
            self._settings,
            self._server_name,
            self._scope.now_ns,
            current().wall_time_s(),
        )
        self._scope.emit(judgement.certificates, at_ns=at_ns)
        self._scope.emit(judgement.verified, at_ns=at_ns)
        if judgement.verified.ok or self._settings.insecure:
            return None
        name = judgement.verified.name_checked or self._server_name
        return verification_failure(judgement.verified.errors, name)

    def _refuse(self, alert: str, error: TlsError) -> NoReturn:
        self._machine.close_for_alert(alert)
        self._link.advance()
        raise error


def _key_log(settings: TlsSettings) -> Callable[[str], None] | None:
    path = settings.keylog_file
    return None if path is None else lambda line: append_secret(path, line.strip().encode())


def _sni(server_name: str) -> str | None:
    return None if _is_address(server_name) else server_name


def _is_address(text: str) -> bool:
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            socket.inet_pton(family, text.partition("%")[0])
        except OSError:
            continue
        return True
    return False


def _device_socket(remote: tuple[str, int], device: str) -> socket.socket:
    family = socket.AF_INET6 if ":" in remote[0] else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_DGRAM)
    try:
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device.encode() + b"\0")
        sock.connect(remote)
    except OSError:
        sock.close()
        raise
    return sock
