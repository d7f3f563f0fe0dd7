"""dig's command line: ``NAME [TYPE…] [@SERVER] [+word…]`` to what is to be asked and shown."""

from ipaddress import ip_address
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from firstbyte.errors import UsageError
from firstbyte.protocols.dns.presentation import class_number, type_number

ANY_CLASS = 255
IXFR = 251
MAX_TRIES = 20


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

    @property
    def dig(self) -> bool:
        """Whether dig's format was asked for."""
        return any(getattr(self, name) is not None for name in SECTIONS) or self.qr


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
}
_IGNORED = frozenset(
    {
        "multiline",
        "search",
        "defname",
        "showsearch",
        "cookie",
        "fail",
        "besteffort",
        "keepopen",
        "crypto",
        "split",
        "nssearch",
        "aaonly",
        "aaflag",
        "badcookie",
        "idnin",
        "idnout",
        "rrcomments",
        "onesoa",
        "keepalive",
        "unknownformat",
        "expire",
        "mapped",
        "raflag",
        "tcflag",
        "zflag",
        "ttlunits",
        "yaml",
    }
)
"""Words of dig's that change nothing here, so that its scripts run."""
_NUMBERS = {
    "time": ("timeout_s", 1, 600),
    "timeout": ("timeout_s", 1, 600),
    "tries": ("tries", 1, MAX_TRIES),
    "retry": ("tries", 0, MAX_TRIES - 1),
    "bufsize": ("buffer_bytes", 0, 65535),
    "edns": ("edns", 0, 255),
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
    if name == "nssearch" or name == "subnet":
        raise UsageError(f"+{name} is not supported")
    on, key = _polarity(name)
    if key in _FLAGS:
        field, yes, no = _FLAGS[key]
        return replace(wanted, **{field: yes if on else no})
    if key in _SHOWN:
        return replace(wanted, show=replace(wanted.show, **{_SHOWN[key]: on}))
    if key in _IGNORED:
        return wanted
    raise UsageError(f"+{word} is no word of dig's that is known here", "as in +short or +noall")


def _polarity(name: str) -> tuple[bool, str]:
    known = _FLAGS.keys() | _SHOWN.keys() | _IGNORED
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
