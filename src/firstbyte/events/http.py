"""HTTP (RFC 9110 to 9114): a request and its responses, whatever the version."""

from firstbyte.events.body import Body

Headers = tuple[tuple[str, str], ...]
"""Field lines in order: names as sent (lower case in HTTP/2 and 3), values decoded as latin-1."""


class ProxyConnect(Body, frozen=True, tag="http.proxy_connect"):
    """A tunnel was asked of a proxy (CONNECT, RFC 9110, 9.3.6)."""

    proxy: str
    authority: str


class ProxyConnected(Body, frozen=True, tag="http.proxy_connected"):
    """The proxy answered; a 2xx status means that the tunnel stands."""

    status: int
    reason: str = ""


class RequestStarted(Body, frozen=True, tag="http.request_started"):
    """The first byte of the request is handed to the connection. ``version`` as in "1.1", "2"."""

    version: str
    method: str
    target: str
    headers: Headers
    stream: int | None = None


class RequestSent(Body, frozen=True, tag="http.request_sent"):
    """The last byte of the request was taken by the connection."""

    head_bytes: int
    body_bytes: int


class Informational(Body, frozen=True, tag="http.informational"):
    """A 1xx response: 100 Continue, 103 Early Hints (RFC 8297)."""

    status: int
    headers: Headers


class FirstByte(Body, frozen=True, tag="http.first_byte"):
    """The first byte of the (final or interim) response arrived."""


class ResponseStarted(Body, frozen=True, tag="http.response_started"):
    """The final response's status and header section were read."""

    version: str
    status: int
    reason: str
    headers: Headers
    head_bytes: int | None = None
    """Status line and header section as HTTP/1 writes them, before any value was redacted."""


class BodyReceived(Body, frozen=True, tag="http.body"):
    """Content bytes arrived (as transferred, before decoding); neighbours are merged.

    The event's time is that of the first read, ``span_ns`` later came the last.
    """

    count: int
    reads: int = 1
    span_ns: int = 0


class Trailers(Body, frozen=True, tag="http.trailers"):
    """A trailer section came after the content."""

    headers: Headers


class ResponseFinished(Body, frozen=True, tag="http.response_finished"):
    """The message is complete; ``truncated`` when --max-bytes cut it, with what was read counted.

    ``body_bytes`` counts content as transferred (no chunk framing), ``decoded_bytes`` after
    Content-Encoding, null when it could not be decoded.
    """

    body_bytes: int
    decoded_bytes: int | None
    encoding: str | None
    truncated: bool = False


class CookieStored(Body, frozen=True, tag="http.cookie"):
    """A Set-Cookie was accepted or refused, and why; the value is never recorded."""

    name: str
    accepted: bool
    because: str


class StreamReset(Body, frozen=True, tag="http.stream_reset"):
    """RST_STREAM, GOAWAY or a QUIC reset ended the request's stream."""

    code: int
    name: str


HttpEvent = (
    ProxyConnect
    | ProxyConnected
    | RequestStarted
    | RequestSent
    | Informational
    | FirstByte
    | ResponseStarted
    | BodyReceived
    | Trailers
    | ResponseFinished
    | CookieStored
    | StreamReset
)
