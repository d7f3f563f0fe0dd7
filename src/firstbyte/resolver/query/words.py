"""dig's command line: ``NAME [TYPE…] [@SERVER] [+word…]`` to what is to be asked and shown."""

import re
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit

from msgspec.structs import replace

from firstbyte.errors import DecodeError, UsageError
from firstbyte.protocols.dns.presentation import class_number, opcode_number, type_number
from firstbyte.resolver.query import vocabulary as known
from firstbyte.resolver.query.wanted import DEFAULT_PATH, PORTS, Secured, Wanted

MAX_PORT = 65535
_OPTION_CODES = {"NSID": 3, "ECS": 8, "EXPIRE": 9, "COOKIE": 10, "KEEPALIVE": 11, "PADDING": 12}
_SERVER = re.compile(r"\[([^]]+)\](?:[:#@]([0-9]{1,10}))?|([^#@:]+)(?:[:#@]([0-9]{1,10}))?")
_STRAY = re.compile("[\udc80-\udcff]")
"""How Python holds octets of an argument that are no text (PEP 383)."""
_PARTIAL_ADDRESS = re.compile(r"\d{1,3}(\.\d{1,3}){0,2}\.?", re.ASCII)
_NOT_IN_PATHS = re.compile("[^!-~]")
"""RFC 3986, 2: URLs are of visible ASCII."""
_MAX_DIGITS = 10
"""Of a number of 32 bits; Python refuses to read very long ones."""


def parse(
    words: tuple[str, ...],
    reverse: tuple[str, ...] = (),
    names: tuple[str, ...] = (),
    types: tuple[str, ...] = (),
    rdclass: str | None = None,
) -> Wanted:
    """What the words mean; the others are what ``-x``, ``-q``, ``-t`` and ``-c`` gave.

    Types go with all names; as with dig, a word that is a type is one, unless it comes after @ or
    ends with a dot. Without a name the root is asked for.

    Raises:
        UsageError: a ``+word`` that nobody knows, a broken address, type, class or server.
        DecodeError: an empty name.

    """
    wanted = Wanted()
    for word in words:  # first, for words may change what an URL means
        if word.startswith("@"):
            wanted = with_server(wanted, word[1:])
    asked = [*map(reverse_name, reverse), *map(_name, names)]
    kinds: list[int] = []
    for word in words:
        if word.startswith("+"):
            wanted = _plus(wanted, word[1:])
        elif (kind := _type(word)) is not None:
            kinds.append(kind)
            wanted = _with_serial(wanted, word)
        elif class_number(word) is not None:
            wanted = replace(wanted, rdclass=_class(word))
        elif not word.startswith("@"):
            asked.append(_name(word))
    for word in types:
        kinds.append(_must_be_type(word))
        wanted = _with_serial(wanted, word)
    if rdclass is not None:
        wanted = replace(wanted, rdclass=_class(rdclass))
    return replace(wanted, questions=_questions(asked, kinds, reverse_only=bool(reverse)))


def _name(word: str) -> str:
    r"""A name; octets that the terminal's encoding does not have become escapes, ``\255``.

    Raises:
        DecodeError: it is empty.

    """
    if not word:
        raise DecodeError(0, "name", "a domain name", "nothing", "RFC 1035, 3.1")
    return _STRAY.sub(lambda found: f"\\{ord(found[0]) - 0xDC00:03d}", word)


def _questions(
    names: list[str], types: list[int], *, reverse_only: bool
) -> tuple[tuple[str, int], ...]:
    if not types:
        types = [12] if reverse_only else [1] if names else [2]
    return tuple((name, rdtype) for name in names or ["."] for rdtype in types)


def _type(word: str) -> int | None:
    """A type, also in ``IXFR=serial``; None where it is none."""
    kind, sign, _ = word.partition("=")
    return type_number(kind) if not sign or kind.upper() == "IXFR" else None


def _must_be_type(word: str) -> int:
    kind = _type(word)
    if kind is None:
        raise UsageError(f"-t {word!r} is no record type", "as in A, AAAA, MX or TYPE65")
    return kind


def _with_serial(wanted: Wanted, word: str) -> Wanted:
    """With the serial that the client of IXFR has."""
    _, sign, serial = word.partition("=")
    if not sign:
        return wanted
    if not (serial.isascii() and serial.isdigit() and len(serial) <= _MAX_DIGITS):
        raise UsageError(f"{word!r}: the serial is not a number", "as in IXFR=2024010101")
    return replace(wanted, serial=int(serial) % 2**32)


def _class(word: str) -> int:
    number = class_number(word)
    if number is None:
        raise UsageError(f"-c {word!r} is no class", "as in IN or CH")
    return number


# the server ---------------------------------------------------------------------------------


def with_server(wanted: Wanted, text: str) -> Wanted:
    """``HOST``, ``HOST:PORT``, ``HOST#PORT``, or an URL of udp, tcp, tls or https.

    Raises:
        UsageError: it is none of these.

    """
    scheme, sign, rest = text.partition("://")
    if not sign:
        host, port = _endpoint(text)
        return replace(wanted, server=host, port=port)
    path = DEFAULT_PATH
    if scheme == "https":
        try:
            parts = urlsplit(text.removesuffix("{?dns}"))
        except ValueError as error:
            raise UsageError(f"{text!r}: {error}", "as in https://[2001:db8::53]/PATH") from error
        path = (parts.path.rstrip("/") and parts.path) or path
        path = _path(path + (f"?{parts.query}" if parts.query else ""))
        rest = parts.netloc.rpartition("@")[2]
    host, port = _endpoint(rest.rstrip("/"))
    wanted = replace(wanted, server=host, port=port)
    if scheme in ("udp", "tcp"):
        return replace(wanted, tcp=scheme == "tcp")
    if scheme == "tls":
        return replace(wanted, secured=Secured("tls", verify=True))
    if scheme == "https":
        return replace(wanted, secured=Secured("https", path, verify=True))
    raise UsageError(f"{text!r}: {scheme!r} is no way to a server", "tls://HOST, https://HOST/PATH")


def _path(text: str) -> str:
    if _NOT_IN_PATHS.search(text):
        raise UsageError(f"{text!r} is no path of an URL", "as in /dns-query; %20 for a blank")
    return text


def _endpoint(text: str) -> tuple[str, int | None]:
    if text.count(":") > 1 and not text.startswith("["):
        return text, None  # an IPv6 address
    found = _SERVER.fullmatch(text)
    if found is None:
        raise UsageError(f"{text!r} is no server", "as in @192.0.2.53, @[2001:db8::53]:5353")
    port = found[2] or found[4]
    if port is not None and not 0 < int(port) <= MAX_PORT:
        raise UsageError(f"{text!r}: ports are 1 to {MAX_PORT}")
    return found[1] or found[3], None if port is None else int(port)


# +words -------------------------------------------------------------------------------------


def _plus(wanted: Wanted, word: str) -> Wanted:
    name, sign, value = word.partition("=")
    if sign:
        return _valued(wanted, name, value)
    if name in ("all", "noall"):
        return _shown(wanted, dict.fromkeys(known.SECTIONS, name == "all"))
    if name == "nosplit":
        return _shown(wanted, {"split": 0})
    on, key = _polarity(name)
    if key in known.BITS:
        field, bit = known.BITS[key]
        now: int = getattr(wanted, field)
        return replace(wanted, **{field: now | bit if on else now & ~bit})
    if key in known.WAYS:
        return _way(wanted, key, on=on)
    if key in known.TLS_TEXTS and (key == "tls-ca" or not on):
        return _secured(wanted, key, None, on=on)
    if key in known.FLAGS:
        field, yes, no = known.FLAGS[key]
        return replace(wanted, **{field: yes if on else no})
    if key in known.SHOWN:
        return _shown(wanted, {known.SHOWN[key]: on})
    if key in known.IGNORED:
        return wanted
    raise _unknown(word, name)


def _secured(wanted: Wanted, key: str, text: str | None, *, on: bool = True) -> Wanted:
    """``+tls-ca`` and its like; with a text, or without."""
    verify = on if key == "tls-ca" else wanted.secured.verify
    changes = {known.TLS_TEXTS[key]: text, "verify": verify}
    return replace(wanted, secured=replace(wanted.secured, **changes))


def _shown(wanted: Wanted, changes: dict[str, bool | int]) -> Wanted:
    return replace(wanted, show={**wanted.show, **changes})


def _way(wanted: Wanted, key: str, path: str | None = None, *, on: bool = True) -> Wanted:
    """``+tls``, ``+https`` and their like."""
    kind, get = known.WAYS[key]
    if not on:
        own = wanted.secured.kind == kind
        return replace(wanted, secured=replace(wanted.secured, kind=None)) if own else wanted
    path = wanted.secured.path if path is None else _path(f"/{path.removeprefix('/')}")
    secured = replace(wanted.secured, kind=kind, get=get, path=path)
    return replace(wanted, secured=secured)


def _unknown(word: str, name: str) -> UsageError:
    """The error for a word that is not known, with what to do about it."""
    told = f"+{word} is no word of dig's that is known here"
    for key in (name, name.removeprefix("no")):
        if key in known.ELSEWHERE:
            return UsageError(told, known.ELSEWHERE[key])
        if key in known.VALUED:
            return UsageError(f"+{word} needs a value", f"+{key}={known.VALUED[key]}")
        if key in known.NUMBERS:
            return UsageError(f"+{word} needs a number", f"as in +{key}={known.NUMBERS[key][2]}")
    from difflib import get_close_matches

    near = get_close_matches(name.removeprefix("no"), sorted({*_SWITCHES, *_VALUES, "all"}), 1)
    return UsageError(
        told, f"did you mean +{near[0]}?" if near else "as in +short or +noall +answer"
    )


_SWITCHES = {*known.FLAGS, *known.SHOWN, *known.BITS, *known.WAYS, "tls-ca"}
_VALUES = {*known.NUMBERS, *known.VALUED}


def _valued(wanted: Wanted, name: str, value: str) -> Wanted:
    """``+word=value``.

    Raises:
        UsageError: the word is not known, or the value cannot be read.

    """
    if name in known.NUMBERS:
        return _number(wanted, name, value)
    if name in ("subnet", "cookie", "ednsopt"):
        return _option(wanted, name, value)
    if name in known.WAYS and name != "tls":
        return _way(wanted, name, value)
    if name in known.TLS_TEXTS:
        return _secured(wanted, name, value)
    if name == "domain":
        return replace(wanted, domain=value, search=True)
    if name == "split":
        return _shown(wanted, {"split": _whole(name, value, 0, 512)})
    if name == "opcode":
        return replace(wanted, opcode=_opcode(value))
    if name in _SWITCHES:
        raise UsageError(f"+{name}={value}: +{name} takes no value")
    raise _unknown(f"{name}={value}", name)


def _opcode(value: str) -> int:
    number = opcode_number(value)
    if number is None:
        hint = "QUERY, STATUS, NOTIFY, UPDATE, or 0 to 15"
        raise UsageError(f"+opcode={value} is no opcode", hint)
    return number


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
    words = _SWITCHES | known.IGNORED | known.TLS_TEXTS.keys()
    for on, key in ((True, name), (False, name.removeprefix("no"))):
        if key in words and (on or name.startswith("no")):
            return on, key
        near = [full for full in words if full.startswith(key) and len(key) > 2]
        if len({_meaning(full) for full in near}) == 1 and (on or name.startswith("no")):
            return on, near[0]
    return True, name


def _meaning(key: str) -> object:
    """Words with one meaning may be cut short."""
    return known.FLAGS.get(key, (known.SHOWN.get(key, key),))[0]


def _number(wanted: Wanted, name: str, value: str) -> Wanted:
    field, least, most = known.NUMBERS[name]
    number = _whole(name, value, least, most) + (name == "retry")
    return replace(wanted, **{field: float(number) if field == "timeout_s" else number})


def _whole(name: str, value: str, least: int, most: int) -> int:
    try:
        number = int(value, 10 if value.isdigit() else 0)
    except ValueError:
        number = -1
    if not (value.isascii() and least <= number <= most):
        raise UsageError(f"+{name}={value}: not a number from {least} to {most}")
    return number


def reverse_name(address: str) -> str:
    """The name of an address below in-addr.arpa or ip6.arpa (RFC 1035, 3.5; RFC 3596, 2.5).

    A part of an IPv4 address stands for its zone, as with dig: ``192.0.2``.

    Raises:
        UsageError: it is no address.

    """
    try:
        return ip_address(address).reverse_pointer + "."
    except ValueError as error:
        octets = address.removesuffix(".").split(".")
        if _PARTIAL_ADDRESS.fullmatch(address) and all(int(octet) < 256 for octet in octets):
            return ".".join(reversed(octets)) + ".in-addr.arpa."
        raise UsageError(f"-x {address!r}: not an IP address") from error


def port_of(wanted: Wanted, given: int | None) -> int:
    """The port to ask: what ``-p`` gave, or the server's address, or that of its way."""
    return given or wanted.port or PORTS.get(wanted.secured.kind or "", 53)
