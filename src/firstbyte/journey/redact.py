"""Taking secrets out of events, before anything is built from them.

Values of credential fields, user information in URLs, and query parameters whose name says that
they are secret become "[redacted]"; names and everything else stay.
"""

import re
from typing import TypeVar

import msgspec

from firstbyte.events import Event
from firstbyte.events.body import Body

REDACTED = "[redacted]"

SECRET_HEADERS = {
    "authorization",
    "proxy-authorization",
    "cookie",
    "set-cookie",
    "x-api-key",
    "x-auth-token",
    "x-csrf-token",
    "x-amz-security-token",
}
_WHOLE_AUTH = re.compile(r"^([A-Za-z][A-Za-z0-9._~+/-]*)\s+\S")
_USERINFO = re.compile(r"(?<=://)[^/?#\s]*@")
_LEADING_USERINFO = re.compile(r"^[^/?#\s]*@")
_URL_FIELDS = {"url", "proxy"}
_PARAMETER = re.compile(
    r"(?<=[?&;])(?P<name>[^=&#;\s]*?"
    r"(?:token|passw(?:or)?d|passwd|pwd|secret|signature|credential|api[-_]?key|apikey|"
    r"access[-_]?key|session(?:id)?|jwt|otp)[^=&#;\s]*|key|sig|auth|code|sid|state)"
    r"=[^&#;\s]*",
    re.IGNORECASE,
)
Headers = tuple[tuple[str, str], ...]
_B = TypeVar("_B", bound=Body)


def redact_events(events: tuple[Event, ...]) -> tuple[Event, ...]:
    """The same events without secrets."""
    return tuple(_redact_event(event) for event in events)


def redact_text(text: str) -> str:
    """Text in which URLs may stand: without user information and secret parameters."""
    if "@" in text:
        text = _USERINFO.sub(f"{REDACTED}@", text)
    return _PARAMETER.sub(rf"\g<name>={REDACTED}", text) if "=" in text else text


def redact_url(url: str) -> str:
    """A URL, also one that was written without its scheme ("user:password@host")."""
    return _LEADING_USERINFO.sub(f"{REDACTED}@", redact_text(url))


def redact_headers(headers: Headers) -> Headers:
    """Field lines without secret values; an authentication scheme and cookie names stay."""
    return tuple((name, redact_header(name, value)) for name, value in headers)


def redact_header(name: str, value: str) -> str:
    """One field's value as it may be shown."""
    lowered = name.lower()
    if lowered in {"cookie", "set-cookie"}:
        return _redact_cookies(lowered, value)
    if lowered in {"authorization", "proxy-authorization"}:
        scheme = _WHOLE_AUTH.match(value)
        return f"{scheme[1]} {REDACTED}" if scheme else REDACTED
    return REDACTED if lowered in SECRET_HEADERS else redact_text(value)


def _redact_cookies(name: str, value: str) -> str:
    if name == "set-cookie":
        cookie, separator, attributes = value.partition(";")
        return _redact_pair(cookie) + separator + attributes
    return ";".join(_redact_pair(pair) for pair in value.split(";"))


def _redact_pair(pair: str) -> str:
    name, equals, _ = pair.partition("=")
    return f"{name}={REDACTED}" if equals else REDACTED


def _redact_event(event: Event) -> Event:
    what = _redact_body(event.what)
    return event if what is event.what else msgspec.structs.replace(event, what=what)


def _redact_body(what: _B) -> _B:
    changes: dict[str, object] = {}
    for field in what.__struct_fields__:
        value = getattr(what, field)
        clean = _redact_field(field, value)
        if clean != value:
            changes[field] = clean
    return msgspec.structs.replace(what, **changes) if changes else what


def _redact_field(field: str, value: object) -> object:
    if isinstance(value, str):
        return redact_url(value) if field in _URL_FIELDS else redact_text(value)
    if field == "headers" and isinstance(value, tuple):
        return redact_headers(value)
    return value
