"""HTTP/1.0 and 1.1 as a client speaks them (RFC 9112), over h11's strict reader.

h11 judges what the peer sends. The request is written here, since h11 writes neither HTTP/1.0 nor a
request without Host; h11 is told a plain equivalent, so that its states follow.
"""

import re
from typing import Literal

import h11

from firstbyte.events.http import Headers
from firstbyte.protocols.http.messages import (
    MAX_INTERIM_RESPONSES,
    Complete,
    Content,
    Failure,
    Head,
    InterimHead,
    MachineEvent,
    Request,
    ResponseBegan,
    TrailerSection,
    find_header,
)

BODY_PIECE_BYTES = 65_536

_STATUS_LINE_START = b"HTTP/"
_STATUS_LINE = re.compile(rb"HTTP/1\.[0-9] [1-9][0-9]{2}(?: |\r?$)")
_TLS_ALERT = 21
_OTHER_PROTOCOLS = {b"SSH-": "SSH", b"220": "SMTP or FTP", b"* OK": "IMAP", b"+OK": "POP3"}
_CUT_HEAD = Failure(
    "http.malformed",
    "the server closed the connection inside the header section",
    "the server or something between died while it answered",
)
_ONLY_INTERIM = Failure(
    "http.malformed",
    "the server closed the connection after an interim response, before the answer itself",
    "the server or something between died while it answered",
)
_H11_OCTETS = re.compile(r"bytearray\(b('.*?'|\".*?\")\)")
_LONGEST_REASON = 200


class Http1Machine:
    """One HTTP/1.x connection, seen from the client; see ``Machine``.

    ``max_header_bytes`` bounds a header section, a chunk line and a trailer section each.
    """

    def __init__(
        self, version: Literal["1.0", "1.1"] = "1.1", max_header_bytes: int = 256 * 1024
    ) -> None:
        self.version: str = version
        self._max_header_bytes = max_header_bytes
        self._h11 = h11.Connection(h11.CLIENT, max_incomplete_event_size=max_header_bytes)
        self._pending = b""
        self._body = memoryview(b"")
        self._chunked = False
        self._head_bytes = 0
        self._body_bytes_sent = 0
        self._start = b""
        self._interim_responses = 0
        self._began = self._started = self._head_seen = False
        self._complete = self._failed = False
        self._used = False

    def request(self, request: Request) -> None:
        """Begin an exchange; on a used connection only when ``can_reuse``."""
        if self._used:
            self._h11.start_next_cycle()
        self._used = True
        self._began = self._started = self._head_seen = self._complete = False
        self._start = b""
        self._interim_responses = 0
        self._chunked = _is_chunked(request.headers)
        self._pending = _write_head(request, self.version)
        self._head_bytes = len(self._pending)
        self._body = memoryview(request.body)
        self._body_bytes_sent = 0
        self._h11.send(_plain_equivalent(request, self.version))
        self._end_when_sent()

    def outgoing(self) -> bytes:
        """The head first, then the body in pieces."""
        if self._failed or self._complete:
            return b""
        head, self._pending = self._pending, b""
        piece = bytes(self._body[:BODY_PIECE_BYTES])
        if not piece:
            return head
        self._body = self._body[len(piece) :]
        self._body_bytes_sent += len(piece)
        self._h11.send(h11.Data(data=piece))
        self._end_when_sent()
        return head + (self._as_chunk(piece) if self._chunked else piece)

    def _as_chunk(self, piece: bytes) -> bytes:
        end = b"" if self._body else b"0\r\n\r\n"
        return b"%x\r\n%b\r\n%b" % (len(piece), piece, end)

    def _end_when_sent(self) -> None:
        if not self._body and self._h11.our_state is h11.SEND_BODY:
            self._h11.send(h11.EndOfMessage())
            if self._chunked and not self._body_bytes_sent:
                self._pending += b"0\r\n\r\n"

    @property
    def request_sent(self) -> bool:
        """All of the request was given out."""
        return self._used and not self._pending and not self._body

    @property
    def head_bytes(self) -> int:
        """Request line and header section with the empty line."""
        return self._head_bytes

    @property
    def body_bytes_sent(self) -> int:
        """Content given out, without chunk framing."""
        return self._body_bytes_sent

    @property
    def can_reuse(self) -> bool:
        """Both ends finished and neither asked to close (RFC 9112, 9.3)."""
        if self._failed or self._h11.trailing_data != (b"", False):
            return False
        if not self._used:
            return True
        return self._h11.our_state is h11.DONE and self._h11.their_state is h11.DONE

    @property
    def leftover(self) -> bytes:
        """Bytes that came after the end of the response; after CONNECT they are the tunnel's."""
        return self._h11.trailing_data[0]

    def receive(self, data: bytes) -> list[MachineEvent]:
        """What ``data`` means; ``b""`` is the peer's orderly end."""
        if self._failed or self._complete:
            self._keep_after_end(data)
            return []
        events: list[MachineEvent] = []
        if data and not self._began:
            self._began = True
            events.append(ResponseBegan())
        ended = not data
        if not self._started:
            self._start += data
            failure = self._check_start(ended=ended)
            if failure is not None:
                self._failed = True
                return [*events, failure]
            if not self._start.startswith(_STATUS_LINE_START):
                return events
            line, newline, _ = self._start.partition(b"\n")
            if not newline and not ended and len(line) <= self._max_header_bytes:
                return events
            failure = _check_status_line(line) if newline else None
            if failure is not None:
                self._failed = True
                return [*events, failure]
            self._started = True
            data, self._start = self._start, b""
        return events + self._read(data, ended=ended)

    def _read(self, data: bytes, *, ended: bool) -> list[MachineEvent]:
        events: list[MachineEvent] = []
        failure = None
        try:
            self._h11.receive_data(data)
            self._read_events(events)
        except h11.RemoteProtocolError as error:
            failure = self._explain(error, ended=ended)
        except h11.LocalProtocolError as error:
            failure = Failure("http.malformed", f"the answer breaks HTTP/1: {_words(error)}")
        if failure is not None:
            self._failed = True
            events.append(failure)
        return events

    def _keep_after_end(self, data: bytes) -> None:
        if self._h11.trailing_data[1]:
            return  # the peer has ended: what comes all the same means nothing
        if self._complete and len(self.leftover) + len(data) <= self._max_header_bytes:
            self._h11.receive_data(data)

    def _check_start(self, *, ended: bool) -> Failure | None:
        """Tell early what cannot become a status line, and what it is instead."""
        start = self._start
        if start.startswith(_STATUS_LINE_START):
            return None
        if not start:
            return Failure(
                "http.empty_reply",
                "the server closed the connection without a single byte of answer",
                "look at the server's log: it took the connection, then dropped the request",
            )
        if len(start) < len(_STATUS_LINE_START) and not ended:
            return None
        if ended and _STATUS_LINE_START.startswith(start):
            return _CUT_HEAD
        return _not_http(start)

    def _read_events(self, events: list[MachineEvent]) -> None:
        content: list[bytes] = []
        while True:
            event = self._h11.next_event()
            if isinstance(event, h11.Data):
                content.append(bytes(event.data))
                continue
            if content:
                events.append(Content(b"".join(content)))
                content.clear()
            if event is h11.NEED_DATA or event is h11.PAUSED:
                return
            self._take(event, events)
            if self._complete or self._failed:
                return

    def _take(self, event: object, events: list[MachineEvent]) -> None:
        if isinstance(event, h11.InformationalResponse):
            self._take_interim(event, events)
        elif isinstance(event, h11.Response):
            self._head_seen = True
            events.append(_head(event))
            self._finish_if_switched(events)
        elif isinstance(event, h11.EndOfMessage):
            trailers = _decode(event.headers)
            if trailers:
                events.append(TrailerSection(trailers))
            self._complete = True
            events.append(Complete())
        elif isinstance(event, h11.ConnectionClosed):
            self._failed = True
            events.append(Failure("http.malformed", "the server closed before its answer"))

    def _take_interim(self, event: h11.InformationalResponse, events: list[MachineEvent]) -> None:
        if event.status_code == 101:
            events.append(_head(event))
            self._finish_if_switched(events)
            return
        self._interim_responses += 1
        if self._interim_responses > MAX_INTERIM_RESPONSES:
            self._failed = True
            events.append(
                Failure("http.malformed", f"more than {MAX_INTERIM_RESPONSES} interim responses")
            )
            return
        events.append(InterimHead(event.status_code, _decode(event.headers)))

    def _finish_if_switched(self, events: list[MachineEvent]) -> None:
        """After CONNECT or 101 the connection is no longer HTTP: the response has no content."""
        if self._h11.their_state is h11.SWITCHED_PROTOCOL:
            self._complete = True
            events.append(Complete())

    def _explain(self, error: h11.RemoteProtocolError, *, ended: bool) -> Failure:
        if error.error_status_hint == 431:
            return Failure(
                "http.header_too_large",
                f"a header section, trailer or chunk line exceeds {self._max_header_bytes} bytes",
                "the server sends an endless or runaway header",
            )
        if error.error_status_hint == 501:
            return Failure("http.bad_encoding", f"{error}", "only the coding chunked is known")
        if ended and self._head_seen:
            return Failure("http.short_body", f"{error}", phase="receive")
        if ended:
            alone = self._interim_responses and not self.leftover
            return _ONLY_INTERIM if alone else _CUT_HEAD
        return Failure("http.malformed", f"the answer breaks HTTP/1: {_words(error)}")


def _words(error: h11.ProtocolError) -> str:
    """h11's reason, without Python's way of writing octets, and not longer than a reader wants."""
    reason = _H11_OCTETS.sub(r"\1", str(error))
    return reason if len(reason) <= _LONGEST_REASON else f"{reason[:_LONGEST_REASON]}…"


def _is_chunked(headers: Headers) -> bool:
    coding = find_header(headers, "transfer-encoding")
    return coding is not None and coding.strip().lower() == "chunked"


def _write_head(request: Request, version: str) -> bytes:
    """Request line and header section (RFC 9112, 3), Host first as RFC 9110, 7.2 advises."""
    lines = [f"{request.method} {request.target} HTTP/{version}"]
    if request.authority is not None:
        lines.append(f"Host: {request.authority}")
    lines += [f"{name}: {value}" if value else f"{name}:" for name, value in request.headers]
    return "\r\n".join([*lines, "", ""]).encode("utf-8", errors="replace")


def _plain_equivalent(request: Request, version: str) -> h11.Request:
    """The same request as h11 takes it: only what steers its states."""
    headers = [("Host", "h"), ("Content-Length", str(len(request.body)))]
    if version == "1.0" or find_header(request.headers, "connection") == "close":
        headers.append(("Connection", "close"))
    upgrade = find_header(request.headers, "upgrade")
    if upgrade:
        headers.append(("Upgrade", "asked"))
    return h11.Request(method=request.method, target="/", headers=headers)


def _head(event: h11.Response | h11.InformationalResponse) -> Head:
    return Head(
        event.http_version.decode("ascii"),
        event.status_code,
        bytes(event.reason).decode("latin-1"),
        _decode(event.headers),
    )


def _decode(headers: h11._headers.Headers) -> Headers:
    return tuple(
        (name.decode("latin-1"), value.decode("latin-1")) for name, value in headers.raw_items()
    )


def _not_http(data: bytes) -> Failure:
    if data[0] == _TLS_ALERT and data[1:2] in (b"", b"\x03"):
        return Failure(
            "http.tls_on_plain_port",
            "a TLS alert came as the answer: this port speaks TLS",
            "use https://",
        )
    shown = data[:40].decode("ascii", errors="backslashreplace")
    for banner, protocol in _OTHER_PROTOCOLS.items():
        if data.startswith(banner):
            return Failure(
                "http.http09",
                f"the peer speaks {protocol}, not HTTP: {shown!r}",
                "check that the port is the web server's",
            )
    if all(byte >= 0x20 or byte in b"\t\r\n" for byte in data[:40]):
        return Failure(
            "http.http09",
            f"the answer has no status line, as in HTTP/0.9: it begins {shown!r}",
            "HTTP/0.9 is not accepted; check that the port is the web server's",
        )
    return Failure(
        "http.http09",
        f"the answer is not HTTP: it begins {shown!r}",
        "check that the port is the web server's",
    )


def _check_status_line(line: bytes) -> Failure | None:
    """Tell a status line that is none of HTTP/1 (RFC 9112, 4) more precisely than h11 does."""
    if _STATUS_LINE.match(line):
        return None
    shown = line[:80].decode("ascii", errors="backslashreplace")
    return Failure(
        "http.http09",
        f"the answer's status line is none of HTTP/1: {shown!r}",
        "the server, or something before it, is broken or speaks another version",
    )
