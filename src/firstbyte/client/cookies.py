"""Cookies across the requests of one trace (RFC 6265, with the rules that its revision adds).

The jar is pure: the time is an argument, and each verdict comes back as the event that tells it.
There is no list of public suffixes here; a domain that looks like one is refused with caution.
"""

import re
from calendar import timegm
from math import inf

from msgspec import Struct
from msgspec.structs import replace

from firstbyte.client.urls import Url
from firstbyte.events.http import CookieStored

MAX_COOKIE_BYTES = 4096
MAX_COOKIES = 1000
MAX_AGE_S = 400 * 24 * 3600
"""RFC 6265bis, 5.5: no cookie lives longer than 400 days."""

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DATE_DELIMITERS = re.compile(r"[\x09\x20-\x2f\x3b-\x40\x5b-\x60\x7b-\x7e]+")
_TIME = re.compile(r"([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})(?![0-9])")
_DAY = re.compile(r"([0-9]{1,2})(?![0-9])")
_YEAR = re.compile(r"([0-9]{2,4})(?![0-9])")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_SUFFIX_WORDS = frozenset({"ac", "co", "com", "edu", "gob", "gov", "mil", "ne", "net", "or", "org"})
_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})


class Cookie(Struct, frozen=True):
    """One stored cookie; ``expires_s`` is Unix time, infinite for one of this trace alone."""

    name: str
    value: str
    domain: str
    path: str
    host_only: bool
    secure: bool
    http_only: bool = False
    expires_s: float = inf


class CookieJar:
    """The cookies of one trace."""

    def __init__(self) -> None:
        self._cookies: dict[tuple[str, str, str], Cookie] = {}

    def store(self, url: Url, set_cookie: list[str], now_s: float) -> list[CookieStored]:
        """Take the Set-Cookie fields of a response from ``url``; gives a verdict for each."""
        return [self._store(url, field, now_s) for field in set_cookie]

    def header_for(self, url: Url, now_s: float) -> str | None:
        """The Cookie field for a request to ``url`` (RFC 6265, 5.4); null when there is none."""
        found = [cookie for cookie in self._cookies.values() if _goes_to(cookie, url, now_s)]
        found.sort(key=lambda cookie: -len(cookie.path))
        pairs = (
            f"{cookie.name}={cookie.value}" if cookie.name else cookie.value for cookie in found
        )
        return "; ".join(pairs) or None

    def load(self, text: str) -> int:
        """Add the cookies of a Netscape cookie file; gives their number. Broken lines are skipped.

        The format: domain, subdomains too, path, secure, expiry (0: session), name, value, between
        tabs; a line that begins with ``#HttpOnly_`` is one, other lines with ``#`` are comments.
        """
        found = [cookie for line in text.splitlines() if (cookie := _from_line(line))]
        for cookie in found[:MAX_COOKIES]:
            self._put(cookie)
        return len(found)

    def __len__(self) -> int:
        return len(self._cookies)

    def _store(self, url: Url, field: str, now_s: float) -> CookieStored:
        parsed = _parse(field)
        if isinstance(parsed, str):
            return CookieStored("", accepted=False, because=parsed)
        name, value, attributes = parsed
        cookie = Cookie(
            name,
            value,
            url.server_name,
            _path(attributes.get("path"), url),
            host_only=True,
            secure="secure" in attributes,
            http_only="httponly" in attributes,
            expires_s=_expiry(attributes, now_s),
        )
        refused = self._refusal(cookie, url, attributes)
        if refused:
            return CookieStored(name, accepted=False, because=refused)
        domain = attributes.get("domain", "").strip().lower().removeprefix(".")
        if domain and not url.is_address:
            cookie = replace(cookie, domain=domain, host_only=domain == "localhost")
        if cookie.expires_s <= now_s:
            self._cookies.pop(_key(cookie), None)
            return CookieStored(name, accepted=True, because="it has expired: it is removed")
        self._put(cookie)
        return CookieStored(name, accepted=True, because=_scope(cookie))

    def _put(self, cookie: Cookie) -> None:
        self._cookies[_key(cookie)] = cookie
        if len(self._cookies) > MAX_COOKIES:
            del self._cookies[next(iter(self._cookies))]

    def _refusal(self, cookie: Cookie, url: Url, attributes: dict[str, str]) -> str | None:
        """Why a well-formed cookie may not be stored (RFC 6265, 5.3); null when it may."""
        domain = attributes.get("domain", "").strip().lower().removeprefix(".")
        if domain:
            refused = _domain_refusal(domain, url)
            if refused:
                return refused
        if cookie.secure and not _is_secure(url):
            return "Secure on a plain http response"
        prefix = _prefix_refusal(cookie, url, attributes)
        if prefix:
            return prefix
        if not cookie.secure and not _is_secure(url) and self._shadows_secure(cookie):
            return "it would replace a Secure cookie from a plain http response"
        return None

    def _shadows_secure(self, new: Cookie) -> bool:
        """RFC 6265bis, 5.7: leave secure cookies alone."""
        return any(
            old.secure
            and old.name == new.name
            and (_domain_matches(old.domain, new.domain) or _domain_matches(new.domain, old.domain))
            and _path_matches(new.path, old.path)
            for old in self._cookies.values()
        )


def _parse(field: str) -> tuple[str, str, dict[str, str]] | str:
    """Name, value and attributes by lower-case name, the last of each; or what is wrong."""
    if _CONTROL.search(field):
        return "it contains a control character"
    pair, *rest = field.split(";")
    name, equals, value = pair.partition("=")
    name, value = (name.strip(" \t"), value.strip(" \t")) if equals else ("", pair.strip(" \t"))
    if not name and not value:
        return "it has neither name nor value"
    if len(name) + len(value) > MAX_COOKIE_BYTES:
        return f"name and value exceed {MAX_COOKIE_BYTES} bytes"
    attributes: dict[str, str] = {}
    for part in rest:
        key, _, content = part.partition("=")
        if len(content) <= 1024:
            attributes[key.strip(" \t").lower()] = content.strip(" \t")
    return name, value, attributes


def _path(attribute: str | None, url: Url) -> str:
    """RFC 6265, 5.1.4: the directory of the request when no path is given."""
    if attribute and attribute.startswith("/"):
        return attribute
    return url.path.rpartition("/")[0] or "/"


def _expiry(attributes: dict[str, str], now_s: float) -> float:
    """Max-Age wins over Expires; without either the cookie lives as long as the trace."""
    age = attributes.get("max-age", "")
    if re.fullmatch(r"-?[0-9]+", age):
        seconds = int(age[:20])
        return now_s + min(seconds, MAX_AGE_S) if seconds > 0 else -inf
    if "expires" in attributes:
        moment = parse_cookie_date(attributes["expires"])
        if moment is not None:
            return min(moment, now_s + MAX_AGE_S)
    return inf


def parse_cookie_date(text: str) -> int | None:
    """Unix time of a cookie date in any of its many forms (RFC 6265, 5.1.1); null if it is none."""
    clock: tuple[int, int, int] | None = None
    day = month = year = None
    for token in _DATE_DELIMITERS.split(text):
        if clock is None and (match := _TIME.match(token)):
            clock = int(match[1]), int(match[2]), int(match[3])
        elif day is None and (match := _DAY.match(token)):
            day = int(match[1])
        elif month is None and token[:3].lower() in _MONTHS:
            month = _MONTHS.index(token[:3].lower()) + 1
        elif year is None and (match := _YEAR.match(token)):
            year = _full_year(int(match[1]))
    if clock is None or day is None or month is None or year is None:
        return None
    return _moment(year, month, day, clock)


def _full_year(year: int) -> int:
    if 70 <= year <= 99:
        return year + 1900
    return year + 2000 if year <= 69 else year


def _moment(year: int, month: int, day: int, clock: tuple[int, int, int]) -> int | None:
    hour, minute, second = clock
    in_range = year >= 1601 and 1 <= day <= 31 and hour <= 23 and minute <= 59 and second <= 59
    return timegm((year, month, day, hour, minute, second)) if in_range else None


def _domain_refusal(domain: str, url: Url) -> str | None:
    host = url.server_name
    if domain == host:
        return None
    if url.is_address:
        return f"Domain={domain} on an address"
    if not _domain_matches(domain, host):
        return f"Domain={domain} does not cover {host}"
    if _looks_public(domain):
        return f"Domain={domain} looks like a public suffix"
    return None


def _looks_public(domain: str) -> bool:
    """One label, or a country's second level (co.uk): many owners share such a domain."""
    labels = domain.split(".")
    if len(labels) == 1:
        return True
    return len(labels) == 2 and len(labels[1]) == 2 and labels[0] in _SUFFIX_WORDS


def _prefix_refusal(cookie: Cookie, url: Url, attributes: dict[str, str]) -> str | None:
    """RFC 6265bis, 4.1.3: names that promise how a cookie was set."""
    name = (cookie.name or cookie.value).lower()
    if not name.startswith(("__secure-", "__host-")):
        return None
    if not cookie.name:
        return "a nameless cookie imitates a prefix"
    if not cookie.secure or not _is_secure(url):
        return "its prefix needs Secure and https"
    if name.startswith("__host-") and (attributes.get("domain") or attributes.get("path") != "/"):
        return "the prefix __Host- needs Path=/ and no Domain"
    return None


def _scope(cookie: Cookie) -> str:
    where = cookie.domain if cookie.host_only else f"{cookie.domain} and below"
    return f"for {where}, path {cookie.path}"


def _key(cookie: Cookie) -> tuple[str, str, str]:
    return cookie.domain, cookie.path, cookie.name


def _is_secure(url: Url) -> bool:
    """https, or this machine, as browsers and curl see it."""
    return url.scheme == "https" or url.server_name in _LOCAL


def _goes_to(cookie: Cookie, url: Url, now_s: float) -> bool:
    host = url.server_name
    if cookie.host_only or url.is_address:
        domain_fits = host == cookie.domain
    else:
        domain_fits = _domain_matches(cookie.domain, host)
    fits = domain_fits and _path_matches(cookie.path, url.path)
    return fits and cookie.expires_s > now_s and (not cookie.secure or _is_secure(url))


def _domain_matches(domain: str, host: str) -> bool:
    """RFC 6265, 5.1.3."""
    return host == domain or host.endswith("." + domain)


def _path_matches(path: str, request_path: str) -> bool:
    """RFC 6265, 5.1.4."""
    if request_path == path:
        return True
    return request_path.startswith(path) and (path.endswith("/") or request_path[len(path)] == "/")


def _from_line(line: str) -> Cookie | None:
    http_only = line.startswith("#HttpOnly_")
    if line.startswith("#") and not http_only:
        return None
    parts = line.removeprefix("#HttpOnly_").split("\t")
    if len(parts) == 6:
        parts.append("")
    if len(parts) != 7 or not re.fullmatch(r"[0-9]{1,15}", parts[4]) or _CONTROL.search(parts[6]):
        return None
    domain, below, path, secure, expires, name, value = parts
    return Cookie(
        name,
        value,
        domain.lower().removeprefix("."),
        path or "/",
        host_only=below.upper() != "TRUE",
        secure=secure.upper() == "TRUE",
        http_only=http_only,
        expires_s=float(expires) if int(expires) else inf,
    )
