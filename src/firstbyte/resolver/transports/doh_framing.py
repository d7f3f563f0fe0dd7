"""DNS messages in HTTP (RFC 8484): requests over HTTP/2 or HTTP/1.1, pure."""

from base64 import urlsafe_b64encode
from typing import NamedTuple
from urllib.parse import urlsplit

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    Event,
    ResponseReceived,
    StreamEnded,
    StreamReset,
)
from h2.exceptions import H2Error
from msgspec import Struct

from firstbyte.errors import UsageError
from firstbyte.protocols.http.http1 import Http1Machine
from firstbyte.protocols.http.messages import (
    Complete,
    Content,
    Failure,
    Head,
    MachineEvent,
    Request,
    find_header,
)
from firstbyte.resolver.transports.framing import Unfit

MEDIA_TYPE = "application/dns-message"
MAX_MESSAGE_BYTES = 65_535
MAX_HEADER_BYTES = 64 * 1024


class Endpoint(Struct, frozen=True):
    """A DoH server's URL, in parts."""

    host: str
    port: int
    authority: str
    path: str
    scheme: str = "https"
    get: bool = False
    """The question goes into the URL, where caches see it (RFC 8484, 4.1)."""

    def request(self, query: bytes) -> "Asked":
        """The request with this question."""
        if self.get:
            text = urlsafe_b64encode(query).rstrip(b"=").decode()
            path = f"{self.path}{'&' if '?' in self.path else '?'}dns={text}"
            return Asked("GET", path, (("accept", MEDIA_TYPE),), b"")
        fields = (("accept", MEDIA_TYPE), ("content-type", MEDIA_TYPE))
        length = ("content-length", str(len(query)))
        return Asked("POST", self.path, (*fields, length), query)


class Asked(NamedTuple):
    """What differs between GET and POST."""

    method: str
    path: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


def parse_endpoint(url: str) -> Endpoint:
    """Read a DoH URL; a URI template's ``{?dns}`` (RFC 8484, 3) is dropped, since we POST.

    Raises:
        UsageError: it is no https URL.

    """
    try:
        parts = urlsplit(url.removesuffix("{?dns}"))
        port = parts.port or 443
    except ValueError as error:
        raise UsageError(f"--doh-url {url!r}: {error}") from error
    if parts.scheme != "https" or not parts.hostname:
        raise UsageError(
            f"--doh-url {url!r} is no https URL", "as in https://dns.example/dns-query"
        )
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    authority = parts.netloc.rpartition("@")[2]
    return Endpoint(parts.hostname, port, authority, path)


class _Response:
    """A response while it comes in."""

    def __init__(self) -> None:
        self.status = 0
        self.media_type = ""
        self.body = bytearray()

    def message(self) -> bytes | str:
        """The DNS message in it, or why there is none (RFC 8484, 4.2)."""
        if not 200 <= self.status < 300:
            return f"the DoH server answered HTTP status {self.status}"
        if self.media_type.partition(";")[0].strip().lower() != MEDIA_TYPE:
            return (
                f"the DoH server sent {self.media_type[:60] or 'no media type'!r}, no DNS message"
            )
        if len(self.body) > MAX_MESSAGE_BYTES:
            return "the DoH server's answer is longer than any DNS message"
        return bytes(self.body)

    @property
    def too_long(self) -> bool:
        """Whether reading on is pointless."""
        return len(self.body) > MAX_MESSAGE_BYTES


class Http2Framing:
    """All questions on one HTTP/2 connection, a stream each (RFC 9113)."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._h2 = H2Connection(H2Configuration(client_side=True, header_encoding=None))
        self._h2.initiate_connection()
        self._open: dict[int, _Response] = {}
        self._ended = False

    @property
    def free(self) -> bool:
        """See ``Framing.free``."""
        limit = self._h2.remote_settings.max_concurrent_streams
        return not self._ended and self._h2.open_outbound_streams < limit

    def submit(self, query: bytes) -> int:
        """See ``Framing.submit``."""
        stream = self._h2.get_next_available_stream_id()
        endpoint = self._endpoint
        asked = endpoint.request(query)
        pseudo = (
            (":method", asked.method),
            (":scheme", endpoint.scheme),
            (":authority", endpoint.authority),
            (":path", asked.path),
        )
        self._h2.send_headers(stream, [*pseudo, *asked.headers], end_stream=not asked.body)
        if asked.body:
            self._h2.send_data(stream, asked.body, end_stream=True)
        self._open[stream] = _Response()
        return stream

    def receive(self, data: bytes) -> list[tuple[int, bytes | str]]:
        """See ``Framing.receive``."""
        try:
            events = self._h2.receive_data(data)
        except H2Error as error:
            self._ended = True
            raise Unfit(f"the DoH server breaks HTTP/2: {error}") from error
        return [done for event in events if (done := self._take(event)) is not None]

    def outgoing(self) -> bytes:
        """See ``Framing.outgoing``."""
        return self._h2.data_to_send()

    def _take(self, event: Event) -> tuple[int, bytes | str] | None:
        if isinstance(event, ConnectionTerminated):
            self._ended = True
            return None
        stream = getattr(event, "stream_id", None)
        response = self._open.get(stream) if stream is not None else None
        if stream is None or response is None:
            return None
        if isinstance(event, ResponseReceived):
            headers = tuple((_text(name), _text(value)) for name, value in event.headers or ())
            response.status = _status(find_header(headers, ":status"))
            response.media_type = find_header(headers, "content-type") or ""
        elif isinstance(event, DataReceived):
            response.body += event.data or b""
            self._acknowledge(event, stream)
        if isinstance(event, StreamReset):
            del self._open[stream]
            return stream, f"the DoH server reset the stream (code {event.error_code})"
        if isinstance(event, StreamEnded) or response.too_long:
            del self._open[stream]
            return stream, response.message()
        return None

    def _acknowledge(self, event: DataReceived, stream: int) -> None:
        size = event.flow_controlled_length
        if size:
            self._h2.acknowledge_received_data(size, stream)


def _text(value: bytes | str) -> str:
    """A field's name or value; any byte is allowed in one (RFC 9110, 5.5)."""
    return value if isinstance(value, str) else value.decode("latin-1")


def _status(text: str | None) -> int:
    """Three digits (RFC 9110, 15), or 0 for what is no status."""
    return int(text) if text and len(text) == 3 and text.isascii() and text.isdigit() else 0


class Http1Framing:
    """One question at a time on an HTTP/1.1 connection (RFC 9112)."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._machine = Http1Machine("1.1", MAX_HEADER_BYTES)
        self._response: _Response | None = None

    @property
    def free(self) -> bool:
        """See ``Framing.free``."""
        return self._response is None and self._machine.can_reuse

    def submit(self, query: bytes) -> int:
        """See ``Framing.submit``."""
        endpoint = self._endpoint
        asked = endpoint.request(query)
        self._response = _Response()
        self._machine.request(
            Request(
                asked.method,
                endpoint.scheme,
                endpoint.authority,
                asked.path,
                asked.headers,
                asked.body,
            )
        )
        return 0

    def receive(self, data: bytes) -> list[tuple[int, bytes | str]]:
        """See ``Framing.receive``."""
        return [done for event in self._machine.receive(data) if (done := self._take(event))]

    def outgoing(self) -> bytes:
        """See ``Framing.outgoing``."""
        return b"".join(iter(self._machine.outgoing, b""))

    def _take(self, event: MachineEvent) -> tuple[int, bytes | str] | None:
        if isinstance(event, Failure):
            raise Unfit(f"the DoH server breaks HTTP/1.1: {event.message}")
        response = self._response
        if response is None:
            return None
        if isinstance(event, Head):
            response.status = event.status
            response.media_type = find_header(event.headers, "content-type") or ""
        elif isinstance(event, Content):
            response.body += event.data
            if response.too_long:
                raise Unfit("the DoH server's answer is longer than any DNS message")
        elif isinstance(event, Complete):
            self._response = None
            return 0, response.message()
        return None
