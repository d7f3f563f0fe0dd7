"""URLs of http and https: what RFC 3986 says, and what curl's users type.

A URL is read once, strictly, into a ``Url`` whose parts are ready for use: the host as an A-label
or an address, the port as a number, the path without dot segments. References (``Location``) are
read leniently, because servers write them: spaces and non-ASCII characters are percent-encoded.
"""

import ipaddress
import re
from typing import NoReturn
from urllib.parse import quote, unquote_to_bytes

from msgspec import Struct

from firstbyte.errors import UrlError

DEFAULT_PORTS = {"http": 80, "https": 443}
MAX_URL_CHARACTERS = 65_536

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):(?=/)")
_BARE_SCHEMES = re.compile(r"(?:about|data|file|ftp|javascript|mailto|ssh|tel|urn|ws|wss):")
_FORBIDDEN_IN_HOST = re.compile(r"""[\x00-\x20\x7f/:#?!@{}\[\]\\$'"^`*<>=;,+&()|%]""")
_UNSAFE = re.compile(r"[\x00-\x20\x7f]")
_KEPT_IN_PATH = "!$&'()*+,;=:@/%[]{}|\\^`\"<>~-._"
_KEPT_IN_QUERY = _KEPT_IN_PATH + "?"
_NUMBER = re.compile(r"0x[0-9a-f]*|[0-9]+")
_DOT = re.compile(r"%2e", re.IGNORECASE)


class Url(Struct, frozen=True):
    """An absolute http or https URL, ready for use.

    ``host`` is lower case: an A-label name (a final dot is kept) or an address without brackets and
    without its zone. ``path`` begins with "/". ``user`` and ``password`` are percent-decoded.
    """

    scheme: str
    host: str
    port: int
    path: str = "/"
    query: str | None = None
    user: str | None = None
    password: str | None = None
    zone: str | None = None
    """The zone of a link-local IPv6 address ("eth0"), never sent to the peer (RFC 6874)."""

    @property
    def is_address(self) -> bool:
        """The host is an IP literal: there is no name to resolve."""
        return _address(self.host) is not None

    @property
    def bracketed_host(self) -> str:
        """The host as it stands in a URL or a Host field."""
        return f"[{self.host}]" if ":" in self.host else self.host

    @property
    def display_host(self) -> str:
        """The host for people: A-labels shown as U-labels where IDNA allows it."""
        return _to_unicode(self.host) if "xn--" in self.host else self.bracketed_host

    @property
    def authority(self) -> str:
        """Host and, unless it is the scheme's default, port: the Host field (RFC 9110, 7.2)."""
        if self.port == DEFAULT_PORTS[self.scheme]:
            return self.bracketed_host
        return f"{self.bracketed_host}:{self.port}"

    @property
    def server_name(self) -> str:
        """The name for SNI and the certificate: without a final dot (RFC 6066, 3)."""
        return self.host.removesuffix(".")

    @property
    def target(self) -> str:
        """The origin-form of the request target (RFC 9112, 3.2.1)."""
        return self.path if self.query is None else f"{self.path}?{self.query}"

    @property
    def origin(self) -> tuple[str, str, int]:
        """Scheme, host and port: two URLs of one origin may share credentials and cookies."""
        return self.scheme, self.server_name, self.port

    def __str__(self) -> str:
        """The URL without credentials, in its normal form."""
        return f"{self.scheme}://{self.authority}{self.target}"


def parse_url(text: str) -> Url:
    """Read what a person typed; without a scheme it is http, as with curl.

    Raises:
        UrlError: ``url.malformed`` or ``url.unsupported_scheme``, with a hint.

    """
    if not text:
        _refuse("the URL is empty", "give one, for example https://example.com/")
    if len(text) > MAX_URL_CHARACTERS:
        _refuse(f"the URL has {len(text)} characters; at most {MAX_URL_CHARACTERS} are read")
    unsafe = _UNSAFE.search(text)
    if unsafe:
        _refuse(
            f"the URL contains {_name_character(unsafe.group())} at position {unsafe.start()}",
            "percent-encode it (a space is %20), and quote the URL for your shell",
        )
    _check_characters(text)
    return _parse_absolute(text)


def resolve_reference(base: Url, reference: str) -> Url:
    """The target of ``reference`` seen from ``base`` (RFC 3986, 5.2): for ``Location``.

    Raises:
        UrlError: the result is no http or https URL.

    """
    reference = _encode_unsafe(reference.strip(" \t\r\n"))
    if len(reference) > MAX_URL_CHARACTERS:
        _refuse(f"the reference has {len(reference)} characters")
    _check_characters(reference)
    if _SCHEME.match(reference) or _BARE_SCHEMES.match(reference):
        return _parse_absolute(reference)
    if reference.startswith("//"):
        return _parse_absolute(f"{base.scheme}:{reference}")
    path, query = _split_path(reference)
    if not path:
        path = base.path
        query = base.query if query is None else query
    elif not path.startswith("/"):
        path = base.path.rpartition("/")[0] + "/" + path
    return Url(
        base.scheme,
        base.host,
        base.port,
        _normal_path(path),
        _normal_query(query),
        zone=base.zone,
    )


def parse_authority(text: str, scheme: str) -> tuple[str, int]:
    """Host and port of ``host``, ``host:port`` or ``[v6]:port``.

    Raises:
        UrlError: it cannot be read.

    """
    parsed = _parse_absolute(f"{scheme}://{text}/")
    return parsed.host, parsed.port


def _check_characters(text: str) -> None:
    """Octets of the command line that are no UTF-8 are welcome; other surrogates are nothing."""
    try:
        text.encode("utf-8", errors="surrogateescape")
    except UnicodeEncodeError as error:
        _refuse(f"the URL contains {text[error.start]!r}, which is no character")


def _parse_absolute(text: str) -> Url:
    scheme, rest = _split_scheme(text)
    end = re.search(r"[/?#]", rest)
    authority, tail = (rest[: end.start()], rest[end.start() :]) if end else (rest, "")
    userinfo, at, host_port = authority.rpartition("@")
    user, password = _split_userinfo(userinfo) if at else (None, None)
    host, zone, port = _split_host_port(host_port, scheme)
    path, query = _split_path(tail)
    return Url(
        scheme,
        host,
        port,
        _normal_path(path),
        _normal_query(query),
        user,
        password,
        zone,
    )


def _split_scheme(text: str) -> tuple[str, str]:
    """The scheme, and what follows its slashes: curl takes one to three of them."""
    match = _SCHEME.match(text)
    if match is None:
        if _BARE_SCHEMES.match(text) and not re.match(r"[a-z]+:[0-9]", text):
            _refuse_scheme(text.partition(":")[0])
        return "http", text.removeprefix("//")
    scheme = match.group(1).lower()
    if scheme not in DEFAULT_PORTS:
        _refuse_scheme(scheme)
    rest = text[match.end() :]
    slashes = len(rest) - len(rest.lstrip("/"))
    if slashes > 3:
        _refuse(f"{slashes} slashes follow the scheme", "write scheme://host/")
    return scheme, rest[slashes:]


def _refuse_scheme(scheme: str) -> NoReturn:
    raise UrlError(
        "url.unsupported_scheme",
        f"the scheme {scheme!r} is not supported",
        "firstbyte traces http:// and https:// URLs",
    )


def _split_userinfo(userinfo: str) -> tuple[str, str | None]:
    user, colon, password = userinfo.partition(":")
    return _decode(user), _decode(password) if colon else None


def _decode(text: str) -> str:
    octets = text.encode("utf-8", errors="surrogateescape")
    return unquote_to_bytes(octets).decode("utf-8", errors="replace")


def _split_host_port(text: str, scheme: str) -> tuple[str, str | None, int]:
    if text.startswith("["):
        literal, bracket, rest = text[1:].partition("]")
        if not bracket:
            _refuse("the bracket of the IPv6 address is not closed", "write [2001:db8::1]")
        if rest and not rest.startswith(":"):
            _refuse(f"{rest!r} follows the IPv6 address", "a port follows as [address]:port")
        host, zone = _ipv6(literal)
        return host, zone, _port(rest[1:], scheme)
    host, _, port = text.partition(":")
    if ":" in port:
        _refuse(
            f"the host {text!r} has more than one colon", "put an IPv6 address in brackets: [::1]"
        )
    return _host(host), None, _port(port, scheme)


def _port(text: str, scheme: str) -> int:
    if not text:
        return DEFAULT_PORTS[scheme]
    if not (text.isascii() and text.isdigit()):
        _refuse(f"the port {text!r} is not a number")
    digits = text.lstrip("0")
    if not digits:
        _refuse("port 0 cannot be connected to", "ports go from 1 to 65535")
    if len(digits) > 5 or int(digits) > 65535:
        _refuse(f"the port {text[:20]} is above 65535", "ports go from 1 to 65535")
    return int(digits)


def _ipv6(literal: str) -> tuple[str, str | None]:
    address, _, zone = literal.partition("%")
    zone = zone.removeprefix("25") if zone.startswith("25") and len(zone) > 2 else zone
    if zone and _FORBIDDEN_IN_HOST.search(zone):
        _refuse(f"the zone {zone!r} is not a name of an interface")
    try:
        return str(ipaddress.IPv6Address(address)), zone or None
    except ValueError:
        _refuse(f"{address!r} is not an IPv6 address")


def _host(text: str) -> str:
    if "%" in text:
        text = _decode(text)
    if not text:
        _refuse("the URL has no host", "write scheme://host/path")
    bad = _FORBIDDEN_IN_HOST.search(text)
    if bad:
        _refuse(f"the host {text!r} contains {_name_character(bad.group())}")
    host = text.lower() if text.isascii() else _to_ascii(text)
    numeric = _ipv4_number(host)
    return numeric if numeric is not None else _checked_name(host)


def _checked_name(host: str) -> str:
    """RFC 1035, 2.3.4: labels of 1 to 63 octets, at most 253 together (a final dot apart)."""
    labels = host.removesuffix(".").split(".")
    if len(host.removesuffix(".")) > 253:
        _refuse(f"the host name has {len(host)} characters; a name has at most 253")
    for label in labels:
        if not label:
            _refuse(f"the host {host!r} has an empty label", "remove the double or leading dot")
        if len(label) > 63:
            _refuse(f"a label of the host has {len(label)} characters; at most 63 are allowed")
    return host


def _to_ascii(host: str) -> str:
    """The A-label form (RFC 5891), mapped as UTS 46 says."""
    import idna

    try:
        return idna.encode(host, uts46=True).decode("ascii").lower()
    except (idna.IDNAError, UnicodeError) as error:
        raise UrlError(
            "url.malformed",
            f"the host {host!r} is no valid internationalised name: {error}",
            "check the spelling, or give its xn-- form",
        ) from error


def _to_unicode(host: str) -> str:
    import idna

    try:
        return idna.decode(host)
    except (idna.IDNAError, UnicodeError):
        return host


def _ipv4_number(host: str) -> str | None:
    """Addresses in the old forms of inet_aton that curl and browsers take: 127.1, 0x7f000001."""
    parts = host.removesuffix(".").split(".")
    if len(parts) > 4 or not all(_NUMBER.fullmatch(part) for part in parts):
        return None
    try:
        numbers = [_number(part) for part in parts]
    except ValueError:
        return None
    *leading, last = numbers
    if any(number > 255 for number in leading) or last >= 256 ** (5 - len(parts)):
        _refuse(f"{host[:40]!r} is not an IPv4 address: a part is too large")
    value = last + sum(number << (24 - 8 * place) for place, number in enumerate(leading))
    return str(ipaddress.IPv4Address(value))


def _number(text: str) -> int:
    if len(text) > 12:
        return 1 << 40
    if text.startswith("0x"):
        return int(text[2:] or "0", 16)
    return int(text, 8) if text.startswith("0") and len(text) > 1 else int(text, 10)


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _split_path(text: str) -> tuple[str, str | None]:
    """Path and query; the fragment is the client's own and is dropped (RFC 9110, 4.2.5)."""
    without_fragment = text.partition("#")[0]
    path, mark, query = without_fragment.partition("?")
    return path, query if mark else None


def _normal_path(path: str) -> str:
    path = quote(path, safe=_KEPT_IN_PATH, errors="surrogateescape")
    if not path.startswith("/"):
        path = "/" + path
    return _without_dot_segments(path)


def _normal_query(query: str | None) -> str | None:
    return None if query is None else quote(query, safe=_KEPT_IN_QUERY, errors="surrogateescape")


def _without_dot_segments(path: str) -> str:
    """RFC 3986, 5.2.4; an encoded dot is a dot there, as in every browser."""
    kept: list[str] = []
    segments = path.split("/")[1:]
    for place, segment in enumerate(segments):
        dots = _DOT.sub(".", segment)
        last = place == len(segments) - 1
        if dots == "..":
            del kept[-1:]
        elif dots != ".":
            kept.append(segment)
            continue
        if last:
            kept.append("")
    return "/" + "/".join(kept)


def _encode_unsafe(reference: str) -> str:
    return _UNSAFE.sub(lambda match: quote(match.group(), safe=""), reference)


def _name_character(character: str) -> str:
    names = {" ": "a space", "\t": "a tab", "\n": "a line feed", "\r": "a carriage return"}
    if character in names:
        return names[character]
    return (
        repr(character) if character.isprintable() else f"control character {ord(character):#04x}"
    )


def _refuse(message: str, hint: str | None = None) -> NoReturn:
    raise UrlError("url.malformed", message, hint)
