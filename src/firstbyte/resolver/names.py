"""Host names as people write them: literals, IDNA, dots, and which full names they stand for."""

import ipaddress
import socket

from msgspec import Struct

from firstbyte.errors import UrlError
from firstbyte.resolver.base import Family

MAX_NAME_BYTES = 253
"""Of a name as text without its last dot: 255 octets on the wire (RFC 1035, 2.3.4)."""
MAX_LABEL_BYTES = 63
MAX_INPUT_CHARACTERS = 1024
_FORBIDDEN = frozenset(" #%/:<>?@[\\]^|\x7f") | {chr(code) for code in range(0x20)}
"""The URL standard's forbidden domain code points: no resolver is asked for these."""


class Literal(Struct, frozen=True):
    """An IP address in place of a name; a scope id stays on it ("fe80::1%eth0")."""

    address: str
    family: Family


class HostName(Struct, frozen=True):
    """A name to be resolved.

    ``text`` is in A-labels, lower case, without trailing dot; ``rooted`` says that there was one
    (then no search list applies).
    """

    text: str
    rooted: bool

    @property
    def dots(self) -> int:
        """Dots inside the name, as ``ndots`` counts them."""
        return self.text.count(".")


def parse_host(host: str) -> Literal | HostName:
    """Read ``host``: an IP literal (with or without brackets) or a name, maybe in Unicode.

    IPv4 is read as inet_aton(3) reads it (``127.1`` is ``127.0.0.1``), as getaddrinfo does.
    Unicode names go through UTS #46 and IDNA 2008 (RFC 5891) to A-labels; ASCII labels are taken
    as they are, so that ``_service`` and the like resolve.

    Raises:
        UrlError: url.malformed, when this can be no host.

    """
    if len(host) > MAX_INPUT_CHARACTERS:
        raise _malformed(f"{host[:40]}…", "it is longer than any name can be")
    if literal := parse_literal(host):
        return literal
    ascii_host = host.lower() if host.isascii() else _to_ascii(host)
    if not host.isascii() and (literal := parse_literal(ascii_host)):
        return literal
    rooted = ascii_host.endswith(".")
    name = HostName(ascii_host.removesuffix("."), rooted)
    _check(name.text, host)
    return name


def parse_literal(host: str) -> Literal | None:
    """The IP address that ``host`` is, or None."""
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    if ":" in host:
        try:
            return Literal(str(ipaddress.IPv6Address(host)), 6)
        except ValueError:
            return None
    if host[-1:].isdigit() or _last_part_is_hexadecimal(host):
        return _parse_ipv4(host)
    return None


def candidates(
    name: HostName, search: tuple[str, ...], ndots: int, *, no_tld_query: bool = False
) -> tuple[str, ...]:
    """The full names to ask for, in order, as glibc's ``res_search`` does.

    A rooted name is asked as it is. Any other with at least ``ndots`` dots is asked as it is
    first, then with each search domain; with fewer dots it is asked as it is last. With
    ``no_tld_query`` a single label is asked under the search domains alone, if there are any.
    """
    if name.rooted:
        return (name.text,)
    as_is_first = name.dots >= ndots
    searched = [full for domain in search if (full := _join(name.text, domain))]
    if no_tld_query and searched and not name.dots:
        return tuple(dict.fromkeys(searched))
    ordered = [name.text, *searched] if as_is_first else [*searched, name.text]
    return tuple(dict.fromkeys(ordered))


def is_localhost(name: HostName) -> bool:
    """Whether RFC 6761, 6.3 makes this name the loopback, whatever a server says."""
    return name.text == "localhost" or name.text.endswith(".localhost")


def is_onion(name: HostName) -> bool:
    """Whether RFC 7686 forbids to look this name up in DNS."""
    return name.text == "onion" or name.text.endswith(".onion")


def _join(name: str, domain: str) -> str | None:
    """Name under a search domain, or None when that would be too long to exist."""
    full = name if domain in {"", "."} else f"{name}.{domain}"
    return full if len(full) <= MAX_NAME_BYTES else None


def _last_part_is_hexadecimal(host: str) -> bool:
    return host.rpartition(".")[2][:2].lower() == "0x"


def _parse_ipv4(host: str) -> Literal | None:
    if not host.isascii() or any(character.isspace() for character in host):
        return None
    try:
        return Literal(socket.inet_ntoa(socket.inet_aton(host)), 4)
    except (OSError, ValueError):  # ValueError: a NUL, which may stand in a hosts file
        return None


def _to_ascii(host: str) -> str:
    import idna

    try:
        mapped = idna.uts46_remap(host, std3_rules=False)
        labels = [
            label if label.isascii() else idna.alabel(label).decode("ascii")
            for label in mapped.split(".")
        ]
    except idna.IDNAError as error:
        raise _malformed(host, f"it is no valid internationalised name: {error}") from error
    return ".".join(labels).lower()


def _check(text: str, host: str) -> None:
    if not text:
        raise _malformed(host, "it is empty")
    if len(text) > MAX_NAME_BYTES:
        raise _malformed(host, f"it has {len(text)} bytes; a name has at most {MAX_NAME_BYTES}")
    for label in text.split("."):
        if not label:
            raise _malformed(host, "it has an empty label (two dots in a row, or one in front)")
        if len(label) > MAX_LABEL_BYTES:
            raise _malformed(
                host, f"a label has {len(label)} bytes; at most {MAX_LABEL_BYTES} are allowed"
            )
    if bad := sorted(_FORBIDDEN.intersection(text)):
        raise _malformed(host, f"it contains {bad[0]!r}")


def _malformed(host: str, why: str) -> UrlError:
    return UrlError(
        "url.malformed",
        f"{host[:80]!r} is no host name: {why}",
        "check the spelling of the host (RFC 1035, 2.3.4)",
    )
