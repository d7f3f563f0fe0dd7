"""The kinds of values that DHCP options hold. Decoders raise ``ValueError`` saying what is due."""

from collections.abc import Callable

from firstbyte.errors import DecodeError
from firstbyte.protocols.dns import names
from firstbyte.protocols.dns.walker import read_name
from firstbyte.protocols.ip.addresses import pack, unpack

StaticRoute = tuple[str, str]
"""A network ("10.0.0.0/8") and the router that leads there."""

MAX_NAMES = 128
"""More names than any search list has; with pointers, few octets could spell very many."""

Value = int | str | bytes | tuple[str, ...] | tuple[StaticRoute, ...]


def addresses_to(value: Value) -> bytes:
    """One address, or several."""
    return b"".join(_pack_v4(one) for one in _strings(value))


def _pack_v4(address: str) -> bytes:
    packed = pack(address)
    if len(packed) != 4:
        raise TypeError(f"{address} is no IPv4 address")
    return packed


def _strings(value: Value) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    if not isinstance(value, tuple):
        raise TypeError("text, or a tuple of texts")
    return tuple(str(one) for one in value)


def address_from(data: bytes) -> Value:
    """Exactly one address."""
    if len(data) != 4:
        raise ValueError("4 octets")
    return unpack(data)


def addresses_from(data: bytes) -> Value:
    """One address or more."""
    if not data or len(data) % 4:
        raise ValueError("a multiple of 4 octets")
    return tuple(unpack(data[at : at + 4]) for at in range(0, len(data), 4))


def text_to(value: Value) -> bytes:
    """Text as UTF-8."""
    if not isinstance(value, str) or not value:
        raise TypeError("text of at least one character")
    return value.encode()


def text_from(data: bytes) -> Value:
    """Text; a final NUL is dropped, as RFC 2132, section 2, tells receivers to."""
    text = data.rstrip(b"\0").decode("utf-8", "replace")
    if not text:
        raise ValueError("at least 1 character")
    return text


def octets_to(value: Value) -> bytes:
    """Octets as they are."""
    if not isinstance(value, bytes):
        raise TypeError("bytes")
    return value


def octets_from(data: bytes) -> Value:
    """Octets, at least one."""
    if not data:
        raise ValueError("at least 1 octet")
    return data


def number_to(size: int) -> Callable[[Value], bytes]:
    """Writes unsigned numbers of ``size`` octets."""

    def encode(value: Value) -> bytes:
        if not isinstance(value, int):
            raise TypeError("a number")
        return value.to_bytes(size, "big")

    return encode


def number_from(size: int) -> Callable[[bytes], Value]:
    """Reads unsigned numbers of ``size`` octets."""

    def decode(data: bytes) -> Value:
        if len(data) != size:
            raise ValueError(f"{size} octets")
        return int.from_bytes(data, "big")

    return decode


def names_to(value: Value) -> bytes:
    """Domain names, uncompressed: pointers are allowed, not due (RFC 3397, section 2)."""
    return b"".join(names.from_text(one) for one in _strings(value))


def names_from(data: bytes) -> Value:
    """Domain names without their final dot; pointers count from the option's start."""
    found: list[str] = []
    memo: dict[int, tuple[bytes, int]] = {}
    at = 0
    while at < len(data):
        if len(found) == MAX_NAMES:
            raise ValueError(f"at most {MAX_NAMES} names")
        try:
            name, at = read_name(data, at, memo)
        except DecodeError as error:
            raise ValueError("domain names as in RFC 1035, 4.1.4") from error
        found.append(names.to_text(name).rstrip("."))
    if not found:
        raise ValueError("at least one name")
    return tuple(found)


def routes_to(value: Value) -> bytes:
    """Width, the network's significant octets, router (RFC 3442)."""
    if not isinstance(value, tuple):
        raise TypeError("pairs of network and router")
    return b"".join(_route_to(*pair) for pair in value if isinstance(pair, tuple))


def _route_to(network: str, router: str) -> bytes:
    base, _, width = network.partition("/")
    bits = int(width)
    if not 0 <= bits <= 32:
        raise ValueError("a width of at most 32")
    return bytes((bits,)) + _pack_v4(base)[: (bits + 7) // 8] + _pack_v4(router)


def routes_from(data: bytes) -> Value:
    """Pairs of network and router; 0.0.0.0 as router: on the link itself."""
    routes: list[StaticRoute] = []
    at = 0
    while at < len(data):
        bits = data[at]
        size = (bits + 7) // 8
        end = at + 1 + size + 4
        if bits > 32 or end > len(data):
            raise ValueError("whole routes with widths of at most 32")
        network = unpack(data[at + 1 : at + 1 + size] + bytes(4 - size))
        routes.append((f"{network}/{bits}", unpack(data[end - 4 : end])))
        at = end
    if not routes:
        raise ValueError("at least one route")
    return tuple(routes)
