"""HTTP/3 over QUIC as a client speaks it (RFC 9000, 9001, 9114), over aioquic without its I/O.

One contract: ``receive``, ``timeout``, ``outgoing`` and ``next_deadline`` with the time passed in;
``events`` gives what was seen since it was last asked. aioquic draws its own entropy.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aioquic.h3.connection import ErrorCode
from aioquic.h3.events import DataReceived, H3Event, HeadersReceived
from aioquic.quic import events as quic_events
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.packet import QuicErrorCode
from aioquic.tls import AlertDescription

from firstbyte.protocols.http.http2 import plain_fields
from firstbyte.protocols.http.messages import (
    MAX_INTERIM_RESPONSES,
    Complete,
    Content,
    Failure,
    Head,
    InterimHead,
    MachineEvent,
    Request,
    Reset,
    ResponseBegan,
    TrailerSection,
    content_length,
    split_pseudo,
)
from firstbyte.protocols.quic.adapters import BoundedH3, PacketLogger, WatchedConnection
from firstbyte.protocols.quic.sights import (
    Connected,
    Ended,
    EndHow,
    PacketSeen,
    RttEstimate,
    Sight,
    TlsMessageSeen,
)

WINDOW_BYTES = 16 * 1024 * 1024
"""Receive window, of the connection and of a stream."""

_NO_VERIFICATION = 0
"""ssl.CERT_NONE: the chain is judged by the caller, as over TCP, so that all faults are told."""

_PEER = ("peer", 0)
"""aioquic wants an address; ours is a connected socket's, and never changes."""

_SPACES = {
    "initial": "initial",
    "0RTT": "0rtt",
    "handshake": "handshake",
    "1RTT": "1rtt",
    "retry": "retry",
    "version_negotiation": "version_negotiation",
}
_CRYPTO_ERROR = 0x100
_NO_STATUS = Failure("http.protocol3", "the answer's :status is no number of three digits")
_RESET_HINTS = {
    "H3_REQUEST_REJECTED": "the server did not work on it: the request may be sent again",
    "H3_VERSION_FALLBACK": "the server wants HTTP/1.1 for this: --http1.1",
    "H3_EXCESSIVE_LOAD": "the server limits this client's rate",
    "H3_INTERNAL_ERROR": "look at the server's log",
}


@dataclass(frozen=True, slots=True)
class QuicParameters:
    """How a connection is made. ``on_secret`` takes the lines of an SSLKEYLOGFILE."""

    server_name: str
    alpn: tuple[str, ...] = ("h3",)
    idle_timeout_s: float = 30.0
    max_header_bytes: int = 256 * 1024
    on_secret: Callable[[str], None] | None = None
    initial_rtt_s: float = 0.1


class Http3Machine:
    """One QUIC connection with HTTP/3 on it, seen from the client, one request at a time.

    The peer's certificate is not judged here: that is done with the messages it shows.
    """

    version = "3"

    def __init__(self, parameters: QuicParameters) -> None:
        self._parameters = parameters
        self._sights: list[Sight | tuple[str, dict[str, Any]]] = []
        self._quic = WatchedConnection(
            _configuration(parameters, self._saw_packet), self._saw_message, self._saw_close
        )
        self._h3: BoundedH3 | None = None
        self._ended = self._leaving = self._begun = False
        self._expected_bytes: int | None = None
        self._new_exchange()
        self._complete = True
        self._stream = -1
        self._head_bytes = self._body_bytes = 0

    def _new_exchange(self) -> None:
        self._began = self._head_seen = self._complete = False
        self._interim_responses = 0
        self._content_bytes = 0

    def connect(self, now_s: float) -> None:
        """Begin the handshake; ask ``outgoing`` then."""
        self._begun = True
        self._quic.connect(_PEER, now=now_s)

    def receive(self, datagram: bytes, now_s: float) -> None:
        """A datagram came from the peer."""
        self._guard(lambda: self._quic.receive_datagram(datagram, _PEER, now=now_s))

    def timeout(self, now_s: float) -> None:
        """The time of ``next_deadline`` has come."""
        self._guard(lambda: self._quic.handle_timer(now=now_s))

    def next_deadline(self) -> float | None:
        """When ``timeout`` must be called, on the clock of ``now_s``."""
        return self._quic.get_timer() if self._begun and not self._ended else None

    def outgoing(self, now_s: float) -> list[bytes]:
        """Datagrams to send now."""
        datagrams: list[tuple[bytes, Any]] = []

        def build() -> None:
            datagrams.extend(self._quic.datagrams_to_send(now=now_s))

        self._guard(build)
        return [data for data, _ in datagrams]

    def events(self) -> list[Sight]:
        """What was seen since the last call, in order."""
        seen = [_packet(*sight) if isinstance(sight, tuple) else sight for sight in self._sights]
        self._sights.clear()
        return seen

    def close(self) -> None:
        """End in order (RFC 9114, 5.3); ask ``outgoing`` then."""
        self._leaving = True
        self._quic.close(error_code=ErrorCode.H3_NO_ERROR)

    def close_for_alert(self, alert: str) -> None:
        """End because of a TLS alert of ours (RFC 9001, 4.8), such as "bad_certificate"."""
        self._leaving = True
        code = QuicErrorCode.CRYPTO_ERROR + AlertDescription[alert]
        self._quic.close(error_code=code, frame_type=0x06, reason_phrase=alert)

    # HTTP

    def request(self, request: Request) -> int:
        """Begin an exchange on a new stream; gives its number."""
        if self._h3 is None:
            self._h3 = BoundedH3(self._quic)
        self._new_exchange()
        self._expected_bytes = None
        self._stream = self._quic.get_next_available_stream_id()
        fields = _fields(request)
        self._h3.send_headers(self._stream, fields, end_stream=not request.body)
        self._head_bytes = self._quic.queued_bytes(self._stream)
        if request.body:
            self._h3.send_data(self._stream, request.body, end_stream=True)
        self._body_bytes = len(request.body)
        return self._stream

    @property
    def request_sent(self) -> bool:
        """All of the request was put into packets."""
        return self._stream >= 0 and self._quic.is_sent(self._stream)

    @property
    def head_bytes(self) -> int:
        """The HEADERS frame of the request."""
        return self._head_bytes

    @property
    def body_bytes_sent(self) -> int:
        """Content of the request."""
        return self._body_bytes

    @property
    def can_reuse(self) -> bool:
        """The connection takes another request."""
        going = self._h3 is not None and self._h3.goaway
        return self._complete and not self._ended and not going

    @property
    def rtt(self) -> RttEstimate | None:
        """The path's estimates; null before the first sample."""
        recovery = self._quic.recovery
        estimates = recovery.estimates
        if estimates is None:
            return None
        return RttEstimate(*estimates, recovery.congestion_window, recovery.lost_packets)

    # inside

    def _saw_message(self, sent: bool, data: bytes, encrypted: bool) -> None:
        self._sights.append(TlsMessageSeen(sent, data, encrypted))

    def _saw_packet(self, name: str, data: dict[str, Any]) -> None:
        # its list of frames is filled after this call: it is read in events()
        self._sights.append((name, data))

    def _guard(self, call: Callable[[], None]) -> None:
        """Run aioquic; whatever it raises for a peer's bytes ends the connection, and no more."""
        if self._ended or not self._begun:
            return
        try:
            call()
            self._take_quic_events()
        except Exception as error:
            self._end("local", 0x1, f"{type(error).__name__}: {error}", application=False)

    def _take_quic_events(self) -> None:
        while (event := self._quic.next_event()) is not None:
            if isinstance(event, quic_events.HandshakeCompleted):
                self._sights.append(self._connected(event))
            elif isinstance(event, quic_events.ConnectionTerminated):
                self._terminated(event)
            elif self._h3 is not None:
                self._take_stream_event(self._h3, event)

    def _connected(self, event: quic_events.HandshakeCompleted) -> Connected:
        return Connected(
            self._quic.version_name,
            event.alpn_protocol,
            self._quic.retried,
            event.session_resumed,
            event.early_data_accepted,
        )

    def _saw_close(self, by_us: bool, event: quic_events.ConnectionTerminated) -> None:
        how: EndHow = "peer"
        if by_us:
            how = "own" if self._leaving else "local"
        self._end(how, event.error_code, event.reason_phrase, application=event.frame_type is None)

    def _terminated(self, event: quic_events.ConnectionTerminated) -> None:
        """The ends that no CONNECTION_CLOSE brings."""
        how: EndHow = "version" if "version" in event.reason_phrase else "idle"
        self._end(how, event.error_code, event.reason_phrase, application=False)

    def _end(self, how: EndHow, code: int, reason: str, *, application: bool) -> None:
        if not self._ended:
            self._ended = True
            name = error_name(code, application=application)
            self._sights.append(Ended(how, int(code), name, application, reason))

    def _take_stream_event(self, h3: BoundedH3, event: quic_events.QuicEvent) -> None:
        ours = getattr(event, "stream_id", None) == self._stream and not self._complete
        if ours and isinstance(event, quic_events.StreamReset):
            self._sights += self._reset(event.error_code)
            self._complete = True
        if ours and isinstance(event, quic_events.StreamDataReceived) and not self._began:
            self._began = True
            self._sights.append(ResponseBegan())
        for found in h3.handle_event(event):
            if getattr(found, "stream_id", None) == self._stream and not self._complete:
                self._take_http(found)
        if not self._complete:
            self._bound_header(h3)
        self._explain_end(h3)

    def _take_http(self, event: H3Event) -> None:
        if isinstance(event, HeadersReceived):
            self._sights += self._headers(event)
        elif isinstance(event, DataReceived) and event.data:
            self._content_bytes += len(event.data)
            self._sights.append(Content(event.data))
        if getattr(event, "stream_ended", False) and not self._complete:
            self._complete = True
            self._sights.append(Complete())

    def _headers(self, event: HeadersReceived) -> list[MachineEvent]:
        status, headers = split_pseudo(event.headers)
        if sum(len(name) + len(value) + 32 for name, value in headers) > (
            self._parameters.max_header_bytes
        ):
            return [self._give_up(self._too_large())]
        if self._head_seen:
            return [TrailerSection(headers)]
        if status is None:
            return [self._give_up(_NO_STATUS)]
        if status < 200:
            self._interim_responses += 1
            if self._interim_responses > MAX_INTERIM_RESPONSES:
                return [
                    self._give_up(Failure("http.protocol3", "more interim responses than allowed"))
                ]
            return [InterimHead(status, headers)]
        self._head_seen = True
        self._expected_bytes = content_length(headers)
        return [Head("3", status, "", headers)]

    def _bound_header(self, h3: BoundedH3) -> None:
        if h3.waiting_header_bytes(self._stream) > self._parameters.max_header_bytes:
            self._sights.append(self._give_up(self._too_large()))

    def _too_large(self) -> Failure:
        return Failure(
            "http.header_too_large",
            f"the header section exceeds {self._parameters.max_header_bytes} bytes",
            "the server sends an endless or runaway header",
        )

    def _give_up(self, failure: Failure) -> Failure:
        self._complete = True
        self._quic.close(error_code=ErrorCode.H3_EXCESSIVE_LOAD)
        return failure

    def _reset(self, code: int) -> list[MachineEvent]:
        name = error_name(code, application=True)
        return [
            Reset(code, name),
            Failure(
                "http.stream_reset",
                f"the server reset the stream: {name} ({code:#x})",
                _RESET_HINTS.get(name),
            ),
        ]

    def _explain_end(self, h3: BoundedH3) -> None:
        """Aioquic closes on a broken rule; say at once which, when it stops an exchange."""
        closing = self._quic.closing
        if not h3.is_broken or self._complete or closing is None:
            return
        self._complete = True
        expected = self._expected_bytes
        if "content-length" in closing.reason_phrase and (
            expected is not None and self._content_bytes < expected
        ):
            text = f"the stream ended after {self._content_bytes} of {expected} bytes"
            self._sights.append(Failure("http.short_body", text, phase="receive"))
            return
        name = error_name(closing.error_code, application=True)
        self._sights.append(
            Failure("http.protocol3", f"the server breaks HTTP/3: {name} {closing.reason_phrase}")
        )


def _packet(name: str, data: dict[str, Any]) -> PacketSeen:
    header = data["header"]
    return PacketSeen(
        sent=name == "packet_sent",
        space=_SPACES.get(header["packet_type"], header["packet_type"]),
        number=header.get("packet_number"),
        size_bytes=data["raw"]["length"],
        frames=_merged([frame["frame_type"] for frame in data["frames"]]),
    )


def _merged(frames: list[str]) -> tuple[str, ...]:
    """Equal neighbours once: padding is a frame a byte."""
    return tuple(
        frame for place, frame in enumerate(frames) if place == 0 or frames[place - 1] != frame
    )


def error_name(code: int, *, application: bool) -> str:
    """The RFC's name of an error code of HTTP/3 or QUIC; "unknown" for others."""
    if application:
        return ErrorCode(code).name if code in set(ErrorCode) else "unknown"
    if _CRYPTO_ERROR <= code < _CRYPTO_ERROR + 256:
        return "CRYPTO_ERROR"
    return QuicErrorCode(code).name if code in set(QuicErrorCode) else "unknown"


def alert_name(code: int) -> str | None:
    """The TLS alert that a QUIC error code stands for (RFC 9001, 4.8); null for other codes."""
    alert = code - _CRYPTO_ERROR
    if not 0 <= alert < 256:
        return None
    return AlertDescription(alert).name if alert in set(AlertDescription) else f"unknown_{alert}"


class _SecretsFile:
    """What aioquic writes secrets to."""

    def __init__(self, on_secret: Callable[[str], None]) -> None:
        self._on_secret = on_secret

    def write(self, text: str) -> int:
        """One line."""
        self._on_secret(text)
        return len(text)

    def flush(self) -> None:
        """Nothing is kept."""


def _configuration(
    parameters: QuicParameters, observer: Callable[[str, dict[str, Any]], None]
) -> QuicConfiguration:
    secrets: Any = None if parameters.on_secret is None else _SecretsFile(parameters.on_secret)
    return QuicConfiguration(
        is_client=True,
        alpn_protocols=list(parameters.alpn),
        server_name=parameters.server_name,
        idle_timeout=parameters.idle_timeout_s,
        max_data=WINDOW_BYTES,
        max_stream_data=WINDOW_BYTES,
        quic_logger=PacketLogger(observer),
        secrets_log_file=secrets,
        verify_mode=_NO_VERIFICATION,
        initial_rtt=parameters.initial_rtt_s,
    )


def _fields(request: Request) -> list[tuple[bytes, bytes]]:
    """Pseudo-header fields first (RFC 9114, 4.3.1)."""
    pseudo = [(":method", request.method)]
    if request.method != "CONNECT":
        pseudo += [(":scheme", request.scheme), (":path", request.target)]
    if request.authority is not None:
        pseudo.append((":authority", request.authority))
    return [
        (name.encode("ascii"), value.encode("utf-8", errors="replace"))
        for name, value in (*pseudo, *plain_fields(request.headers))
    ]
