"""Which request follows a redirect (RFC 9110, 15.4), as a pure policy.

POST becomes GET on 301 and 302, everything but HEAD becomes GET on 303, and 307 and 308 keep method
and body: what curl and browsers do. A method that the caller gave (``-X``) stays, as with curl; the
body goes all the same. Credentials and cookies given as options stay at their origin.
"""

from collections.abc import Callable

from msgspec import Struct
from msgspec.structs import replace

from firstbyte.client.requests import Ask
from firstbyte.client.urls import Url, resolve_reference
from firstbyte.errors import HttpError

REDIRECTS = frozenset({301, 302, 303, 307, 308})


class Follow(Struct, frozen=True):
    """The next ask, and why it looks as it does."""

    ask: Ask
    because: str


def redirect_url(base: Url, status: int, location: str | None) -> Url | None:
    """Where a response points to; null when it is no redirect.

    Raises:
        UrlError: it points to what is no http or https URL.

    """
    if status not in REDIRECTS or not location:
        return None
    # A field's octets stand for U+0000 to U+00FF; in a URL they are UTF-8, or kept as they are.
    octets = location.encode("latin-1", errors="replace")
    return resolve_reference(base, octets.decode("utf-8", errors="surrogateescape"))


class RedirectPolicy:
    """Follows one trace's redirects: at most ``limit``, never the same request twice.

    ``first`` is the ask of the first hop; its origin is the one that secrets belong to. ``cookies``
    says what the jar would send to a URL: with other cookies it is another request, and no loop.
    """

    def __init__(
        self, first: Ask, limit: int, cookies: Callable[[Url], str | None] = lambda _url: None
    ) -> None:
        self._cookies = cookies
        self._origin = first.url.origin
        self._limit = limit
        self._followed = 0
        self._seen: dict[tuple[str, str, str], int] = {_key(first, cookies(first.url) or ""): 0}

    def follow(self, ask: Ask, status: int, location: str | None) -> Follow | None:
        """The ask after ``ask`` was answered with ``status``; null when it is no redirect.

        Store the response's cookies first.

        Raises:
            HttpError: http.redirect_loop or http.too_many_redirects.
            UrlError: Location is malformed, or of another scheme.

        """
        url = redirect_url(ask.url, status, location)
        if url is None:
            return None
        following = self._next(ask, status, url)
        self._count(following)
        return Follow(following, _because(ask, following, status))

    def _next(self, ask: Ask, status: int, url: Url) -> Ask:
        method, body = _method_after(status, ask)
        trusted = url.origin == self._origin
        if url.user is None and ask.url.user is not None and url.origin == ask.url.origin:
            url = replace(url, user=ask.url.user, password=ask.url.password)
        referer = ask.referer if trusted else None
        return Ask(url, method, body, trusted, referer, ask.method_given)

    def _count(self, ask: Ask) -> None:
        self._followed += 1
        key = _key(ask, self._cookies(ask.url) or "")
        first = self._seen.setdefault(key, self._followed)
        if first != self._followed:
            raise HttpError(
                "http.redirect_loop",
                f"redirect loop: {ask.url} was asked for at hop {first} and again at hop "
                f"{self._followed}",
                "two rules on the server (or on a proxy before it) contradict each other",
                phase="receive",
            )
        if self._followed > self._limit:
            raise HttpError(
                "http.too_many_redirects",
                f"more than {self._limit} redirects",
                "raise the limit with --max-redirs if the chain is meant",
                phase="receive",
            )


def _method_after(status: int, ask: Ask) -> tuple[str, bytes | None]:
    """RFC 9110, 15.4.2 to 15.4.9; what to do with a method that was given is curl's choice."""
    if ask.method_given:
        return ask.method, None if status in (301, 302, 303) else ask.body
    becomes_get = (status in (301, 302) and ask.method == "POST") or (
        status == 303 and ask.method not in ("GET", "HEAD")
    )
    return ("GET", None) if becomes_get else (ask.method, ask.body)


def _key(ask: Ask, cookies: str) -> tuple[str, str, str]:
    return ask.method, str(ask.url), cookies


def _because(before: Ask, after: Ask, status: int) -> str:
    parts = [f"{status}"]
    if before.method != after.method:
        parts.append(f"{before.method} becomes {after.method}")
    change = _scheme_change(before.url.scheme, after.url.scheme)
    if change:
        parts.append(change)
    if before.trusted and not after.trusted:
        parts.append("another origin: credentials and cookies given as options stay behind")
    return ", ".join(parts)


def _scheme_change(before: str, after: str) -> str:
    if before == after:
        return ""
    return "https to http: the request becomes readable" if after == "http" else "http to https"
