"""dig's command line: ``NAME [TYPE…] [@SERVER] [+word…]`` to what is to be asked and shown."""

from ipaddress import ip_address, ip_network
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from firstbyte.errors import UsageError
from firstbyte.protocols.dns.presentation import class_number, type_number

ANY_CLASS = 255
IXFR = 251
MAX_TRIES = 20
_OPTION_CODES = {"NSID": 3, "ECS": 8, "EXPIRE": 9, "COOKIE": 10, "KEEPALIVE": 11, "PADDING": 12}


class Show(Struct, frozen=True):
    """Which parts of dig's format are wanted; ``None`` everywhere: our own page instead."""

    question: bool | None = None
    answer: bool | None = None
    authority: bool | None = None
    additional: bool | None = None
    comments: bool | None = None
    stats: bool | None = None
    cmd: bool | None = None
    ttl: bool = True
    rdclass: bool = True
    identify: bool = False
    qr: bool = False
    multiline: bool = False
    ttlunits: bool = False
    rrcomments: bool = False
    crypto: bool = True
    onesoa: bool = False

    @property
    def dig(self) -> bool:
        """Whether dig's format was asked for."""
        chosen = any(getattr(self, name) is not None for name in SECTIONS)
        looks = self.qr or self.multiline or self.ttlunits or self.rrcomments or not self.crypto
        return chosen or looks or not (self.ttl and self.rdclass)


SECTIONS = ("question", "answer", "authority", "additional", "comments", "stats", "cmd")


class Wanted(Struct, frozen=True):
    """What is asked, how, and what is shown."""

    questions: tuple[tuple[str, int], ...] = ()
    """Names and types."""
    server: str | None = None
    rdclass: int = 1
    short: bool = False
    trace: bool = False
    dnssec: bool = False
    recurse: bool = True
    authentic: bool = True
    checking_disabled: bool = False
    tcp: bool = False
    ignore_truncation: bool = False
    edns: int | None = 0
    """The version; null: no OPT record."""
    buffer_bytes: int = 1232
    timeout_s: float = 5.0
    tries: int = 3
    nsid: bool = False
    subnet: str | None = None
    """Told as the client's (RFC 7871): ``192.0.2.0/24``, or ``0`` for none."""
    cookie: bytes | None = None
    """Null: none is sent; empty: a new one."""
    keepalive: bool = False
    expire: bool = False
    padding_bytes: int = 0
    """The query is padded to a multiple of this (RFC 7830)."""
    options: tuple[tuple[int, bytes], ...] = ()
    """Further EDNS options: code and octets."""
    flags: int = 0
    """Further bits of the header."""
    serial: int | None = None
    """Of IXFR."""
    audit: bool = False
    """After a walk: inspect every server of the name's zone."""
    show: Show = Show()


_FLAGS: dict[str, tuple[str, Any, Any]] = {
    "short": ("short", True, False),
    "trace": ("trace", True, False),
    "dnssec": ("dnssec", True, False),
    "do": ("dnssec", True, False),
    "recurse": ("recurse", True, False),
    "rdflag": ("recurse", True, False),
    "adflag": ("authentic", True, False),
    "cdflag": ("checking_disabled", True, False),
    "cd": ("checking_disabled", True, False),
    "tcp": ("tcp", True, False),
    "vc": ("tcp", True, False),
    "ignore": ("ignore_truncation", True, False),
    "edns": ("edns", 0, None),
    "nsid": ("nsid", True, False),
    "keepalive": ("keepalive", True, False),
    "expire": ("expire", True, False),
    "cookie": ("cookie", b"", None),
    "subnet": ("subnet", "0", None),
}
_SHOWN = {
    "question": "question",
    "answer": "answer",
    "authority": "authority",
    "additional": "additional",
    "comments": "comments",
    "stats": "stats",
    "cmd": "cmd",
    "ttlid": "ttl",
    "ttl": "ttl",
    "class": "rdclass",
    "cl": "rdclass",
    "identify": "identify",
    "qr": "qr",
    "multiline": "multiline",
    "ttlunits": "ttlunits",
    "rrcomments": "rrcomments",
    "crypto": "crypto",
    "onesoa": "onesoa",
}
_BITS = {"aaflag": 0x0400, "tcflag": 0x0200, "raflag": 0x0080, "zflag": 0x0040}
_IGNORED = frozenset(
    {
        "search",
        "defname",
        "showsearch",
        "fail",
        "besteffort",
        "keepopen",
        "aaonly",
        "badcookie",
        "idnin",
        "idnout",
        "mapped",
        "ednsnegotiation",
    }
)
"""Words of dig's that change nothing here, or only what is so already."""
_ELSEWHERE = {
    "yaml": "--json has the same, as RFC 8427 has it",
    "nssearch": "firstbyte dns compare NAME SOA, or firstbyte dns NAME --audit",
    "domain": "write the whole name",
    "tls": "firstbyte URL --dot SERVER asks over TLS",
    "https": "firstbyte URL --doh-url URL asks over HTTPS",
    "https-get": "firstbyte URL --doh-url URL asks over HTTPS",
    "opcode": "only questions are asked",
    "header-only": "a question is always asked",
    "unknownformat": "firstbyte dns wire shows the octets",
    "expandaaaa": "--json has the octets",
}
"""Words of dig's that are not known here, and what to do instead."""
_NUMBERS = {
    "time": ("timeout_s", 1, 600),
    "timeout": ("timeout_s", 1, 600),
    "tries": ("tries", 1, MAX_TRIES),
    "retry": ("tries", 0, MAX_TRIES - 1),
    "bufsize": ("buffer_bytes", 0, 65535),
    "edns": ("edns", 0, 255),
    "padding": ("padding_bytes", 0, 512),
}


def parse(words: tuple[str, ...], reverse: tuple[str, ...] = ()) -> Wanted:
    """What the words mean; ``reverse`` are the addresses of ``-x``.

    Types go with all names; as with dig, a word that is a type is one, unless it comes after @ or
    ends with a dot. Without a name the root is asked for.

    Raises:
        UsageError: a ``+word`` that nobody knows, or a broken address.

    """
    wanted = Wanted()
    names = [reverse_name(address) for address in reverse]
    types: list[int] = []
    for word in words:
        if word.startswith("+"):
            wanted = _plus(wanted, word[1:])
        elif word.startswith("@"):
            wanted = replace(wanted, server=word[1:])
        elif (special := _transfer(word)) is not None:
            types.append(special[0])
            wanted = replace(wanted, serial=special[1])
        elif (number := type_number(word)) is not None:
            types.append(number)
        elif class_number(word) is not None:
            wanted = replace(wanted, rdclass=class_number(word) or 1)
        else:
            names.append(word)
    return replace(wanted, questions=_questions(names, types, reverse_only=bool(reverse)))


def _questions(
    names: list[str], types: list[int], *, reverse_only: bool
) -> tuple[tuple[str, int], ...]:
    if not types:
        types = [12] if reverse_only else [1] if names else [2]
    return tuple((name, rdtype) for name in names or ["."] for rdtype in types)


def _transfer(word: str) -> tuple[int, int] | None:
    """``IXFR=serial``."""
    kind, sign, serial = word.partition("=")
    if kind.upper() != "IXFR" or not sign:
        return None
    if not (serial.isascii() and serial.isdigit()):
        raise UsageError(f"{word!r}: the serial is not a number", "as in IXFR=2024010101")
    return IXFR, int(serial)


def _plus(wanted: Wanted, word: str) -> Wanted:
    name, sign, value = word.partition("=")
    if sign and name in _NUMBERS:
        return _number(wanted, name, value)
    if name in ("all", "noall"):
        on = name == "all"
        return replace(wanted, show=replace(wanted.show, **dict.fromkeys(SECTIONS, on)))
    if sign and name in ("subnet", "cookie", "ednsopt"):
        return _option(wanted, name, value)
    on, key = _polarity(name)
    if key in _BITS:
        bit = _BITS[key]
        return replace(wanted, flags=wanted.flags | bit if on else wanted.flags & ~bit)
    if key in _FLAGS:
        field, yes, no = _FLAGS[key]
        return replace(wanted, **{field: yes if on else no})
    if key in _SHOWN:
        return replace(wanted, show=replace(wanted.show, **{_SHOWN[key]: on}))
    if key in _IGNORED:
        return wanted
    raise UsageError(f"+{word} is no word of dig's that is known here", _instead(name))


def _instead(name: str) -> str:
    """What to do about a word that is not known."""
    for key in (name, name.removeprefix("no")):
        if key in _ELSEWHERE:
            return _ELSEWHERE[key]
    from difflib import get_close_matches

    known = sorted({*_FLAGS, *_SHOWN, *_NUMBERS, *_BITS, "all"})
    near = get_close_matches(name.removeprefix("no"), known, 1)
    return f"did you mean +{near[0]}?" if near else "as in +short or +noall +answer"


def _option(wanted: Wanted, name: str, value: str) -> Wanted:
    """``+subnet=``, ``+cookie=`` and ``+ednsopt=CODE[:HEX]``.

    Raises:
        UsageError: the value cannot be read.

    """
    try:
        if name == "subnet":
            return replace(wanted, subnet=str(_network(value)))
        if name == "cookie":
            return replace(wanted, cookie=bytes.fromhex(value))
        code, _, octets = value.partition(":")
        option = (_OPTION_CODES.get(code.upper()) or int(code), bytes.fromhex(octets))
    except ValueError as error:
        raise UsageError(f"+{name}={value}: {error}") from error
    if not 0 < option[0] < 65536:
        raise UsageError(f"+{name}={value}: not a code from 1 to 65535")
    return replace(wanted, options=(*wanted.options, option))


def _network(value: str) -> str:
    """As dig takes it: ``0``, ``192.0.2.1`` (the whole address) or ``192.0.2/24``.

    Raises:
        ValueError: it is none of these.

    """
    if value == "0":
        return value
    address, slash, bits = value.partition("/")
    if slash and ":" not in address:
        address += ".0" * (3 - address.count("."))
    return str(ip_network(f"{address}/{bits}" if slash else address, strict=False))


def _polarity(name: str) -> tuple[bool, str]:
    known = _FLAGS.keys() | _SHOWN.keys() | _IGNORED | _BITS.keys()
    for on, key in ((True, name), (False, name.removeprefix("no"))):
        if key in known and (on or name.startswith("no")):
            return on, key
        near = [full for full in known if full.startswith(key) and len(key) > 2]
        if len({_meaning(full) for full in near}) == 1 and (on or name.startswith("no")):
            return on, near[0]
    return True, name


def _meaning(key: str) -> object:
    """Words with one meaning may be cut short."""
    return _FLAGS.get(key) or _SHOWN.get(key) or key


def _number(wanted: Wanted, name: str, value: str) -> Wanted:
    field, least, most = _NUMBERS[name]
    if not (value.isascii() and value.isdigit()) or not least <= int(value) <= most:
        raise UsageError(f"+{name}={value}: not a number from {least} to {most}")
    number = int(value) + (name == "retry")
    return replace(wanted, **{field: float(number) if field == "timeout_s" else number})


def reverse_name(address: str) -> str:
    """The name of an address below in-addr.arpa or ip6.arpa (RFC 1035, 3.5; RFC 3596, 2.5).

    Raises:
        UsageError: it is no address.

    """
    try:
        return ip_address(address).reverse_pointer + "."
    except ValueError as error:
        raise UsageError(f"-x {address!r}: not an IP address") from error
