"""Which HTTP requests are DNS questions, and what to say to the others (RFC 8484, 4.1)."""

import base64
import binascii
from typing import NamedTuple
from urllib.parse import parse_qs

Fields = list[tuple[str, str]]
MEDIA_TYPE = "application/dns-message"
PATH = "/dns-query"
MAX_QUERY_BYTES = 65535
MAX_HEADER_BYTES = 16 * 1024
_MIN_QUERY_BYTES = 12


class Refusal(NamedTuple):
    """An HTTP status, and words for the one who reads it."""

    status: int
    text: str


class Incoming(NamedTuple):
    """A request that is complete. ``key`` is the stream that its response goes to."""

    key: int
    content: bytes | Refusal


def question_in(method: str, target: str, media_type: str, body: bytes) -> bytes | Refusal:
    """The DNS message of a request."""
    path, _, query = target.partition("?")
    if path != PATH:
        return Refusal(404, f"questions are answered at {PATH}")
    if method == "POST":
        if media_type.partition(";")[0].strip().lower() != MEDIA_TYPE:
            return Refusal(415, f"send {MEDIA_TYPE}")
        return _checked(body)
    if method in ("GET", "HEAD"):
        return _in_query(query)
    return Refusal(405, "use GET or POST")


def _in_query(query: str) -> bytes | Refusal:
    """The ``dns`` parameter: base64url without padding (RFC 8484, 6)."""
    try:
        values = parse_qs(query, max_num_fields=16).get("dns", [])
    except ValueError:
        values = []
    if len(values) != 1:
        return Refusal(400, "give one dns=… parameter")
    text = values[0]
    try:
        raw = text.encode("ascii")
        return _checked(base64.b64decode(raw + b"=" * (-len(raw) % 4), b"-_", validate=True))
    except (UnicodeEncodeError, binascii.Error, ValueError):
        return Refusal(400, "dns=… is not base64url")


def _checked(data: bytes) -> bytes | Refusal:
    if len(data) > MAX_QUERY_BYTES:
        return Refusal(413, "no DNS message is that long")
    if len(data) < _MIN_QUERY_BYTES or data[2] & 0x80:
        return Refusal(400, "that is no DNS query")
    return data


def headers_of(
    content: bytes | Refusal, max_age_s: int, date: str = ""
) -> tuple[int, list[tuple[str, str]], bytes]:
    """Status, fields and body of a response; ``max_age_s`` is the answer's least TTL (5.1).

    ``date`` is now, as HTTP writes it: caches count from there (RFC 9110, 6.6.1).
    """
    dated = [("date", date)] if date else []
    if isinstance(content, Refusal):
        body = content.text.encode() + b"\n"
        fields = [*dated, ("content-type", "text/plain; charset=utf-8")]
        if content.status == 405:
            fields.append(("allow", "GET, POST"))
        return content.status, [*fields, ("content-length", str(len(body)))], body
    return (
        200,
        [
            *dated,
            ("content-type", MEDIA_TYPE),
            ("content-length", str(len(content))),
            ("cache-control", f"max-age={max_age_s}"),
        ],
        content,
    )
