"""HTTP/2 as a client speaks it (RFC 9113), over h2.

Frames are cut here before h2 reads them, for three things that h2 does not do: the first byte of a
response is told when its HEADERS begins to arrive, a peer that does not speak HTTP/2 is recognised,
and a graceful GOAWAY lets the running exchange finish (h2 would end the connection).
"""

import re

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import (
    DataReceived,
    Event,
    InformationalResponseReceived,
    ResponseReceived,
    StreamEnded,
    StreamReset,
    TrailersReceived,
)
from h2.exceptions import DenialOfServiceError, H2Error, InvalidBodyLengthError
from h2.settings import SettingCodes, Settings

from firstbyte.events.http import Headers
from firstbyte.protocols.http.messages import (
    CONNECTION_SPECIFIC,
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
    split_pseudo,
)

WINDOW_BYTES = 16 * 1024 * 1024
"""Receive window of a stream; the connection's is the same. Larger than any usual path holds."""
MAX_IDLE_FRAMES = 10_000
"""Frames in a row that are no part of the answer, while nothing of the request is sent."""

_FRAME_HEAD_BYTES = 9
_HEADERS, _SETTINGS, _GOAWAY = 1, 4, 7
_MAX_FRAME_BYTES = 16_384

_MEMORY_ADDRESS = re.compile(r":? ?<memory at 0x[0-9a-f]+>")
_NO_STATUS = Failure("http.protocol2", "the answer's :status is no number of three digits")
_RESET_HINTS = {
    ErrorCodes.REFUSED_STREAM: "the server did not work on it: the request may be sent again",
    ErrorCodes.HTTP_1_1_REQUIRED: "use --http1.1",
    ErrorCodes.ENHANCE_YOUR_CALM: "the server limits this client's rate",
    ErrorCodes.INTERNAL_ERROR: "look at the server's log",
}


class Http2Machine:
    """One HTTP/2 connection, seen from the client, one request at a time; see ``Machine``.

    ``max_header_bytes`` bounds a decoded header list (RFC 9113, 6.5.2).
    """

    version = "2"

    def __init__(self, max_header_bytes: int = 256 * 1024) -> None:
        self._max_header_bytes = max_header_bytes
        self._h2 = _new_connection(max_header_bytes)
        self._frames = _FrameCutter()
        self._out = bytearray(self._h2.data_to_send())
        self._stream = 0
        self._body = memoryview(b"")
        self._head_bytes = 0
        self._body_bytes_sent = 0
        self._interim_responses = 0
        self._idle_frames = 0
        self._began = self._head_seen = self._complete = True
        self._closing = self._failed = False

    def request(self, request: Request) -> int:
        """Open the next stream; gives its number."""
        self._stream = self._h2.get_next_available_stream_id()
        self._began = self._head_seen = self._complete = False
        self._interim_responses = 0
        self._h2.send_headers(self._stream, _fields(request), end_stream=not request.body)
        head = self._h2.data_to_send()
        self._head_bytes = len(head)
        self._out += head
        self._body = memoryview(request.body)
        self._body_bytes_sent = 0
        return self._stream

    def outgoing(self) -> bytes:
        """Frames to send: what is pending, then as much content as the windows allow."""
        if self._failed:
            return b""
        if self._body and not self._complete:
            self._send_content()
        self._out += self._h2.data_to_send()
        data = bytes(self._out)
        self._out.clear()
        return data

    def _send_content(self) -> None:
        window = self._h2.local_flow_control_window(self._stream)
        size = min(window, self._h2.max_outbound_frame_size, len(self._body))
        if size <= 0:
            return
        piece, self._body = self._body[:size], self._body[size:]
        self._h2.send_data(self._stream, bytes(piece), end_stream=not self._body)
        self._body_bytes_sent += size
        self._idle_frames = 0

    @property
    def request_sent(self) -> bool:
        """All of the request was given out."""
        return self._stream > 0 and not self._body and not self._out

    @property
    def head_bytes(self) -> int:
        """The HEADERS frame (and CONTINUATION frames) of the request."""
        return self._head_bytes

    @property
    def body_bytes_sent(self) -> int:
        """Content given out in DATA frames."""
        return self._body_bytes_sent

    @property
    def can_reuse(self) -> bool:
        """The connection takes another stream."""
        idle = self._complete and not self._body
        return idle and not self._closing and not self._failed

    def receive(self, data: bytes) -> list[MachineEvent]:
        """What ``data`` means; ``b""`` is the peer's orderly end."""
        if self._failed:
            return []
        events: list[MachineEvent] = []
        failure = self._cut(data, events) if data else self._ended()
        if failure is not None:
            self._failed = True
            events.append(failure)
        return events

    def _cut(self, data: bytes, events: list[MachineEvent]) -> Failure | None:
        for frame in self._frames.cut(data):
            if self._frames.not_http2 is not None:
                return _not_http2(self._frames.not_http2)
            told = len(events)
            if frame[3] == _HEADERS:
                self._begin(events)
            failure = _overlong(frame) or self._feed(frame, events)
            failure = failure or self._bound_frames(progress=len(events) > told)
            if failure is not None:
                return failure
        if self._frames.in_headers:
            self._begin(events)
        return None

    def _bound_frames(self, *, progress: bool) -> Failure | None:
        """A peer may keep us busy for ever with frames that cost it nothing (RFC 9113, 10.5)."""
        self._idle_frames = 0 if progress else self._idle_frames + 1
        if self._idle_frames <= MAX_IDLE_FRAMES:
            return None
        return Failure(
            "http.protocol2",
            f"more than {MAX_IDLE_FRAMES} frames came without any part of the answer",
            "the server floods the connection with control frames",
        )

    def _begin(self, events: list[MachineEvent]) -> None:
        if not self._began:
            self._began = True
            events.append(ResponseBegan())

    def _feed(self, frame: bytes, events: list[MachineEvent]) -> Failure | None:
        if frame[3] == _GOAWAY:
            return self._goaway(frame, events)
        try:
            for event in self._h2.receive_data(frame):
                failure = self._take(event, events)
                if failure is not None:
                    return failure
        except DenialOfServiceError:
            return Failure(
                "http.header_too_large",
                f"the header list exceeds {self._max_header_bytes} bytes",
                "the server sends an endless or runaway header",
            )
        except InvalidBodyLengthError as error:
            return _wrong_length(error)
        except H2Error as error:
            reason = _MEMORY_ADDRESS.sub("", str(error))
            return Failure("http.protocol2", f"the server breaks HTTP/2: {reason}")
        return None

    def _take(self, event: Event, events: list[MachineEvent]) -> Failure | None:
        if getattr(event, "stream_id", None) != self._stream or self._complete:
            self._acknowledge(event)
            return None
        match event:
            case InformationalResponseReceived():
                return self._take_interim(event, events)
            case ResponseReceived():
                return self._take_head(event, events)
            case DataReceived():
                self._acknowledge(event)
                if event.data:
                    events.append(Content(bytes(event.data)))
            case TrailersReceived():
                events.append(TrailerSection(split_pseudo(event.headers)[1]))
            case StreamEnded():
                self._complete = True
                events.append(Complete())
            case StreamReset():
                return self._reset(int(event.error_code), events)
        return None

    def _take_interim(
        self, event: InformationalResponseReceived, events: list[MachineEvent]
    ) -> Failure | None:
        self._interim_responses += 1
        if self._interim_responses > MAX_INTERIM_RESPONSES:
            return Failure("http.protocol2", f"more than {MAX_INTERIM_RESPONSES} interim responses")
        status, headers = split_pseudo(event.headers)
        if status is None:
            return _NO_STATUS
        events.append(InterimHead(status, headers))
        return None

    def _take_head(self, event: ResponseReceived, events: list[MachineEvent]) -> Failure | None:
        status, headers = split_pseudo(event.headers)
        if status is None:
            return _NO_STATUS
        self._head_seen = True
        events.append(Head("2", status, "", headers))
        return None

    def _acknowledge(self, event: Event) -> None:
        """Give back the window that content took (RFC 9113, 6.9)."""
        if isinstance(event, DataReceived) and event.flow_controlled_length:
            self._h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)

    def _reset(self, code: int, events: list[MachineEvent]) -> Failure:
        name = error_name(code)
        events.append(Reset(code, name))
        known = ErrorCodes(code) if name != "unknown" else None
        hint = _RESET_HINTS.get(known) if known is not None else None
        return Failure("http.stream_reset", f"the server reset the stream: {name} ({code})", hint)

    def _goaway(self, frame: bytes, events: list[MachineEvent]) -> Failure | None:
        """RFC 9113, 6.8: streams up to the last one that it names are still answered."""
        if len(frame) < _FRAME_HEAD_BYTES + 8:
            return Failure("http.protocol2", "the server sent a GOAWAY frame that is too short")
        self._closing = True
        last = int.from_bytes(frame[9:13], "big") & 0x7FFFFFFF
        code = int.from_bytes(frame[13:17], "big")
        if self._complete or (code == ErrorCodes.NO_ERROR and last >= self._stream):
            return None
        name = error_name(code)
        events.append(Reset(code, name))
        debug = frame[17:217].decode("ascii", errors="backslashreplace")
        reason = f": {debug}" if debug else ""
        return Failure("http.goaway", f"the server sent GOAWAY {name} ({code}){reason}")

    def _ended(self) -> Failure | None:
        """The connection ended: what that means depends on where the exchange stands."""
        if self._complete:
            self._closing = True
            return None
        if self._head_seen:
            return Failure(
                "http.short_body", "the connection ended before the response did", phase="receive"
            )
        return Failure(
            "http.empty_reply",
            "the server closed the connection without an answer",
            "look at the server's log: it took the connection, then dropped the request",
        )


class _FrameCutter:
    """Cuts a byte stream into whole frames (RFC 9113, 4.1)."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._first = True
        self.not_http2: bytes | None = None

    @property
    def in_headers(self) -> bool:
        """A HEADERS frame has begun to arrive."""
        return len(self._buffer) > 3 and self._buffer[3] == _HEADERS

    def cut(self, data: bytes) -> list[bytes]:
        """The frames that ``data`` completes; of an overlong one its head alone."""
        self._buffer += data
        frames: list[bytes] = []
        if self._first and not self._check_first():
            return [b"\0" * _FRAME_HEAD_BYTES] if self.not_http2 is not None else []
        while len(self._buffer) >= _FRAME_HEAD_BYTES:
            length = int.from_bytes(self._buffer[:3], "big")
            size = _FRAME_HEAD_BYTES + length
            if len(self._buffer) < size and length <= _MAX_FRAME_BYTES:
                break
            frames.append(bytes(self._buffer[:size]))
            del self._buffer[:size]
            if length > _MAX_FRAME_BYTES:
                frames[-1] = frames[-1][:_FRAME_HEAD_BYTES]
                self._buffer.clear()
        return frames

    def _check_first(self) -> bool:
        """RFC 9113, 3.4: the server's first frame is SETTINGS."""
        if len(self._buffer) < 5:
            return False
        if self._buffer[3] != _SETTINGS or self._buffer[4] & 0xFE:
            self.not_http2 = bytes(self._buffer[:40])
            return False
        self._first = False
        return True


def error_name(code: int) -> str:
    """The RFC's name of an HTTP/2 error code; "unknown" for others."""
    try:
        return ErrorCodes(code).name
    except ValueError:
        return "unknown"


def _new_connection(max_header_bytes: int) -> H2Connection:
    connection = H2Connection(
        H2Configuration(client_side=True, header_encoding=None, validate_outbound_headers=False)
    )
    connection.local_settings = Settings(
        client=True,
        initial_values={
            SettingCodes.ENABLE_PUSH: 0,
            SettingCodes.INITIAL_WINDOW_SIZE: WINDOW_BYTES,
            SettingCodes.MAX_HEADER_LIST_SIZE: max_header_bytes,
            SettingCodes.MAX_CONCURRENT_STREAMS: 100,
        },
    )
    connection.decoder.max_header_list_size = max_header_bytes
    connection.initiate_connection()
    connection.increment_flow_control_window(WINDOW_BYTES - 65_535)
    return connection


def _fields(request: Request) -> list[tuple[bytes, bytes]]:
    """Pseudo-header fields first (RFC 9113, 8.3.1); CONNECT has neither scheme nor path."""
    pseudo = [(":method", request.method)]
    if request.authority is not None:
        pseudo.append((":authority", request.authority))
    if request.method != "CONNECT":
        pseudo += [(":scheme", request.scheme), (":path", request.target)]
    return [
        (name.encode("ascii"), value.encode("utf-8", errors="replace"))
        for name, value in (*pseudo, *plain_fields(request.headers))
    ]


def plain_fields(headers: Headers) -> list[tuple[str, str]]:
    """Fields as HTTP/2 and 3 carry them: lower case, none of the connection's (8.2.1, 8.2.2)."""
    lowered = [(name.lower(), value.strip(" \t")) for name, value in headers]
    return [
        (name, value)
        for name, value in lowered
        if name not in CONNECTION_SPECIFIC and (name != "te" or value == "trailers")
    ]


def _overlong(frame: bytes) -> Failure | None:
    """RFC 9113, 4.2: we announced no SETTINGS_MAX_FRAME_SIZE beyond the initial one."""
    length = int.from_bytes(frame[:3], "big")
    if length <= _MAX_FRAME_BYTES:
        return None
    return Failure(
        "http.protocol2",
        f"the server breaks HTTP/2: a frame of {length} bytes, over {_MAX_FRAME_BYTES}",
    )


def _wrong_length(error: InvalidBodyLengthError) -> Failure:
    if error.actual_length < error.expected_length:
        return Failure(
            "http.short_body",
            f"the stream ended after {error.actual_length} of {error.expected_length} bytes",
            phase="receive",
        )
    return Failure("http.protocol2", f"the content is longer than announced: {error}")


def _not_http2(start: bytes) -> Failure:
    shown = start.decode("ascii", errors="backslashreplace")
    if start.startswith(b"HTTP/"):
        return Failure(
            "http.protocol2",
            f"the server agreed on HTTP/2 and answers HTTP/1: {shown!r}",
            "its TLS terminator offers h2 for a backend that has none; --http1.1 works around it",
        )
    return Failure("http.protocol2", f"the answer is not HTTP/2: it begins {shown!r}")
