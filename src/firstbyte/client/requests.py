"""From options and a URL to the request that is sent, as curl's users expect it.

An ``Ask`` is what one hop wants: it starts from the options and changes with each redirect
(``client.redirects``). ``build_request`` gives it the form of a message.
"""

import base64
from typing import Protocol

from msgspec import Struct

from firstbyte import __version__
from firstbyte.client.options import HttpOptions
from firstbyte.client.urls import Url
from firstbyte.errors import UsageError
from firstbyte.events.http import Headers
from firstbyte.protocols.http.messages import Request, find_header

USER_AGENT = f"firstbyte/{__version__}"
ACCEPT_ENCODING = "gzip, deflate, br, zstd"
FORM = "application/x-www-form-urlencoded"
JSON = "application/json"

_SECRET_HEADERS = frozenset({"authorization", "cookie", "proxy-authorization", "host"})
_CONTENT_HEADERS = frozenset({"content-type", "content-length", "transfer-encoding"})


class ForwardingProxy(Protocol):
    """What is needed of a ``client.proxies.Proxy``."""

    @property
    def authorization(self) -> str | None:
        """The value of Proxy-Authorization."""


class Ask(Struct, frozen=True):
    """What one hop asks for.

    ``trusted``: the URL has the origin that the caller named, so that credentials and cookies
    given as options may go there (RFC 9110, 15.4; CVE-2022-27774 is what happens otherwise).
    """

    url: Url
    method: str
    body: bytes | None = None
    trusted: bool = True
    referer: str | None = None
    method_given: bool = False
    """The caller named the method (``-X``): like curl, redirects then keep it."""


def first_ask(url: Url, options: HttpOptions) -> Ask:
    """The ask of the first hop: POST when there is a body, else GET, unless a method is given."""
    default = "GET" if options.body is None else "POST"
    method = default if options.method is None else options.method
    given = options.method is not None
    return Ask(url, method, options.body, referer=options.referer, method_given=given)


def build_request(
    ask: Ask,
    options: HttpOptions,
    cookies: str | None = None,
    via: ForwardingProxy | None = None,
) -> Request:
    """The message for ``ask``.

    Args:
        ask: method, URL and body.
        options: headers, credentials and the rest.
        cookies: what the jar has for this URL ("a=1; b=2").
        via: the proxy that a plain http:// request is handed to: it wants the target in
            absolute-form (RFC 9112, 3.2.2) and its own credentials.

    Raises:
        UsageError: a header or the method cannot be sent.

    """
    url = ask.url
    custom = [(name, value) for name, value in options.headers if _may_send(name, ask)]
    replaced = {name.lower() for name, _ in custom}
    to_proxy = [("Proxy-Authorization", None if via is None else via.authorization)]
    defaults = [
        (name, value)
        for name, value in to_proxy + _defaults(ask, options, cookies)
        if value is not None and name.lower() not in replaced
    ]
    given = [
        (name, value) for name, value in custom if value is not None and name.lower() != "host"
    ]
    content = _content_headers(ask, options, replaced)
    return Request(
        method=ask.method,
        scheme=url.scheme,
        authority=_authority(url, custom),
        target=url.target if via is None else str(url),
        headers=tuple(defaults + given + content),
        body=ask.body or b"",
    )


def basic_credentials(user: str, password: str) -> str:
    """The value of Authorization or Proxy-Authorization (RFC 7617, UTF-8)."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode("ascii")


def parse_header_option(text: str) -> tuple[str, str | None]:
    """Read curl's ``-H``: "Name: value", "Name:" removes the field, "Name;" sends it empty.

    Raises:
        UsageError: it is none of these.

    """
    name, colon, value = text.partition(":")
    if colon and name.strip():
        return name.strip(), value.strip(" \t") or None
    if not colon and text.rstrip().endswith(";") and text.strip(" ;"):
        return text.rstrip()[:-1].strip(), ""
    raise UsageError(
        f"the header {text!r} has no name and colon", 'write "Name: value"; "Name;" sends it empty'
    )


def _may_send(name: str, ask: Ask) -> bool:
    lower = name.lower()
    if lower in _CONTENT_HEADERS and ask.body is None:
        return lower == "content-type"
    return ask.trusted or lower not in _SECRET_HEADERS


def _authority(url: Url, custom: list[tuple[str, str | None]]) -> str | None:
    """The Host field: the caller's own if given, none if removed."""
    for name, value in custom:
        if name.lower() == "host":
            return value or None
    return url.authority


def _defaults(ask: Ask, options: HttpOptions, cookies: str | None) -> list[tuple[str, str | None]]:
    """Fields in curl's order; null where there is nothing to send."""
    agent = USER_AGENT if options.user_agent is None else options.user_agent or None
    return [
        ("Authorization", _authorization(ask, options)),
        ("User-Agent", agent),
        ("Accept", JSON if options.content_type == JSON and ask.body is not None else "*/*"),
        ("Accept-Encoding", ACCEPT_ENCODING if options.compressed else None),
        ("Referer", ask.referer or None),
        ("Cookie", _cookie(ask, options, cookies)),
    ]


def _authorization(ask: Ask, options: HttpOptions) -> str | None:
    """The URL's own credentials, else the option's where they may go."""
    if ask.url.user is not None:
        return basic_credentials(ask.url.user, ask.url.password or "")
    if options.credentials is not None and ask.trusted:
        return basic_credentials(*options.credentials)
    return None


def _cookie(ask: Ask, options: HttpOptions, cookies: str | None) -> str | None:
    given = options.cookies if ask.trusted else None
    return "; ".join(part for part in (cookies, given) if part) or None


def _content_headers(ask: Ask, options: HttpOptions, replaced: set[str]) -> list[tuple[str, str]]:
    """Content-Length and Content-Type when there is a body (RFC 9110, 8.6)."""
    if ask.body is None:
        return []
    headers: list[tuple[str, str]] = []
    if "content-length" not in replaced and not _chunked(options.headers):
        headers.append(("Content-Length", str(len(ask.body))))
    if "content-type" not in replaced:
        headers.append(("Content-Type", options.content_type or FORM))
    return headers


def _chunked(headers: tuple[tuple[str, str | None], ...]) -> bool:
    present: Headers = tuple((name, value) for name, value in headers if value is not None)
    return find_header(present, "transfer-encoding") is not None
