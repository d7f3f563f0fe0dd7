"""What every HTTP machine takes and gives, whatever the version (RFC 9110)."""

import re
from typing import Literal, Protocol

from msgspec import Struct

from firstbyte.errors import UsageError
from firstbyte.events.http import Headers

_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_BAD_IN_VALUE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_STATUS = re.compile(rb"[1-9][0-9]{2}")
_LENGTH = re.compile(r"[0-9]{1,18}")
_BAD_IN_TARGET = re.compile(r"[\x00-\x20\x7f]")

MAX_INTERIM_RESPONSES = 100
"""Before the answer itself; no honest server comes near this."""
CONNECTION_SPECIFIC = frozenset(
    {"connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade", "host"}
)
"""Fields that HTTP/2 and 3 must not carry (RFC 9113, 8.2.2); Host is ``:authority`` there."""


class Request(Struct, frozen=True):
    """One request, before it takes the form of a version.

    ``authority`` is the Host field or ``:authority``; null sends neither. ``target`` is the
    request target: origin-form, absolute-form for a proxy, authority-form for CONNECT.
    ``headers`` hold the rest in order, Content-Length included when there is a body.

    Raises:
        UsageError: a part cannot be sent as it is (control characters, no token).

    """

    method: str
    scheme: str
    authority: str | None
    target: str
    headers: Headers = ()
    body: bytes = b""

    def __post_init__(self) -> None:
        if not _TOKEN.fullmatch(self.method):
            raise UsageError(f"the method {self.method!r} is no token", "use letters, as in GET")
        if not self.target or _BAD_IN_TARGET.search(self.target):
            raise UsageError(f"the request target {self.target!r} has a space or control character")
        if self.authority is not None and _BAD_IN_TARGET.search(self.authority):
            raise UsageError(f"the host {self.authority!r} has a space or control character")
        for name, value in self.headers:
            if not _TOKEN.fullmatch(name):
                raise UsageError(f"the header name {name!r} is no token", 'write "Name: value"')
            if _BAD_IN_VALUE.search(value):
                raise UsageError(f"the value of header {name} has a control character")

    def header(self, name: str) -> str | None:
        """The first value of a field, whatever the case of its name."""
        return find_header(self.headers, name)


def find_header(headers: Headers, name: str) -> str | None:
    """The first value of field ``name``, without regard to case; null when it is absent."""
    wanted = name.lower()
    return next((value for key, value in headers if key.lower() == wanted), None)


def find_headers(headers: Headers, name: str) -> list[str]:
    """All values of field ``name`` in order, without regard to case."""
    wanted = name.lower()
    return [value for key, value in headers if key.lower() == wanted]


def content_length(headers: Headers) -> int | None:
    """The announced length of the content; null when there is none, or none that can be true."""
    text = find_header(headers, "content-length")
    return int(text) if text is not None and _LENGTH.fullmatch(text) else None


def split_pseudo(fields: list[tuple[bytes, bytes]]) -> tuple[int | None, Headers]:
    """The status of a decoded field section of HTTP/2 or 3, and its fields without pseudo-headers.

    The status is null when there is none, as in trailers, or when it is not three digits from 100
    on (RFC 9110, 15).
    """
    status: int | None = None
    headers: list[tuple[str, str]] = []
    for name, value in fields:
        if name == b":status":
            status = int(value) if _STATUS.fullmatch(value) else None
        elif not name.startswith(b":"):
            headers.append((name.decode("latin-1"), value.decode("latin-1")))
    return status, tuple(headers)


class ResponseBegan(Struct, frozen=True):
    """The first byte of a response (interim or final) is here."""


class InterimHead(Struct, frozen=True):
    """A 1xx response."""

    status: int
    headers: Headers


class Head(Struct, frozen=True):
    """Status and header section of the final response. ``version`` is "1.0", "1.1", "2" or "3"."""

    version: str
    status: int
    reason: str
    headers: Headers


class Content(Struct, frozen=True):
    """Content bytes, without framing, before any Content-Encoding is undone."""

    data: bytes


class TrailerSection(Struct, frozen=True):
    """The trailer section, when it has fields."""

    headers: Headers


class Complete(Struct, frozen=True):
    """The response is whole."""


class Reset(Struct, frozen=True):
    """The peer ended the stream or the connection with a code; a ``Failure`` follows."""

    code: int
    name: str


class Failure(Struct, frozen=True):
    """The exchange cannot go on: an error id, one sentence, and what to do next."""

    id: str
    message: str
    hint: str | None = None
    phase: Literal["send", "wait", "receive"] | None = None
    """Null: what the exchange was doing."""


MachineEvent = (
    ResponseBegan | InterimHead | Head | Content | TrailerSection | Complete | Reset | Failure
)


class Machine(Protocol):
    """A client's end of one HTTP connection: requests go one after another.

    Call ``request`` when ``can_reuse`` (or first), send what ``outgoing`` gives until it is empty,
    and feed ``receive``; ask ``outgoing`` again after each. Nothing here raises for what the peer
    sends: a broken rule is a ``Failure``, after which the machine gives nothing more.
    """

    version: str

    def request(self, request: Request) -> int | None:
        """Begin an exchange; gives the stream's number where the version has streams."""

    def receive(self, data: bytes) -> list[MachineEvent]:
        """What ``data`` means; ``b""`` is the peer's orderly end."""

    def outgoing(self) -> bytes:
        """The next piece to send, empty when there is nothing now."""

    @property
    def request_sent(self) -> bool:
        """All of the request was given out by ``outgoing``."""

    @property
    def head_bytes(self) -> int:
        """Size of the request's head as sent (for HTTP/2 its HEADERS and CONTINUATION frames)."""

    @property
    def body_bytes_sent(self) -> int:
        """Content bytes of the request that ``outgoing`` gave out."""

    @property
    def can_reuse(self) -> bool:
        """Another request may follow on this connection."""
