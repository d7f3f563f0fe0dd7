"""Record data field by field, by a table for each type; what has no row is shown as one piece."""

from collections.abc import Callable
from datetime import UTC, datetime
from ipaddress import IPv4Address, IPv6Address

from firstbyte.protocols.dns import constants as dns
from firstbyte.protocols.dns.field_reader import EndedError, Reader
from firstbyte.protocols.dns.presentation import data_text, type_text

Step = Callable[[Reader, int], None]
"""Reads one field, or all up to the end of the data, whose offset it gets."""
_ALGORITHMS = {
    1: "RSA/MD5",
    3: "DSA/SHA-1",
    5: "RSA/SHA-1",
    7: "RSA/SHA-1, NSEC3",
    8: "RSA/SHA-256",
    10: "RSA/SHA-512",
    13: "ECDSA P-256",
    14: "ECDSA P-384",
    15: "Ed25519",
    16: "Ed448",
}
_DIGESTS = {1: "SHA-1", 2: "SHA-256", 3: "GOST", 4: "SHA-384"}
_PARAMETERS = {
    0: "mandatory",
    1: "alpn",
    2: "no-default-alpn",
    3: "port",
    4: "ipv4hint",
    5: "ech",
    6: "ipv6hint",
    7: "dohpath",
    8: "ohttp",
}
_KEY_BITS = ((0x0100, "zone key"), (0x0080, "revoked"), (0x0001, "entry point"))


def read(reader: Reader, rdclass: int, rdtype: int, end: int) -> None:
    """The fields of the data that ends at ``end``; faults are noted, and end the data alone."""
    reader.limit, reader.part = end, "record data"
    try:
        steps = LAYOUTS.get(rdtype)
        if steps is None:
            piece = reader.data[reader.at : end]
            reader.put(len(piece), 1, "data", data_text(rdclass, rdtype, piece))
        else:
            for step in steps:
                step(reader, end)
        if reader.at < end:
            text = reader.data[reader.at : end].hex(" ")
            reader.put(end - reader.at, 1, "left over", text, "the type's fields end before")
    except EndedError:
        pass
    finally:
        reader.limit, reader.part = len(reader.data), "message"


def _number(label: str, size: int, names: dict[int, str] | None = None) -> Step:
    def step(reader: Reader, _: int) -> None:
        value = int.from_bytes(reader.take(size, 1, label), "big")
        known = (names or {}).get(value)
        reader.put(size, 1, label, f"{known} ({value})" if known else str(value))

    return step


def _name(label: str) -> Step:
    def step(reader: Reader, _: int) -> None:
        reader.name(1, label)

    return step


def _string(label: str) -> Step:
    def step(reader: Reader, _: int) -> None:
        reader.string(1, label)

    return step


def _counted(label: str) -> Step:
    def step(reader: Reader, _: int) -> None:
        reader.counted(1, label)

    return step


def _octets(label: str, size: int) -> Step:
    def step(reader: Reader, _: int) -> None:
        reader.octets(size, 1, label)

    return step


def _rest(label: str) -> Step:
    def step(reader: Reader, end: int) -> None:
        if reader.at < end:
            reader.octets(end - reader.at, 1, label)

    return step


def _rest_text(label: str) -> Step:
    def step(reader: Reader, end: int) -> None:
        reader.text(end - reader.at, 1, label)

    return step


def _strings(reader: Reader, end: int) -> None:
    while reader.at < end:
        reader.string(1, "text")


def _ipv4(reader: Reader, _: int) -> None:
    reader.put(4, 1, "address", str(IPv4Address(reader.take(4, 1, "address"))))


def _ipv6(reader: Reader, _: int) -> None:
    reader.put(16, 1, "address", str(IPv6Address(reader.take(16, 1, "address"))))


def _type(reader: Reader, _: int) -> None:
    reader.number(2, 1, "type covered", "type")


def _time(label: str) -> Step:
    def step(reader: Reader, _: int) -> None:
        value = int.from_bytes(reader.take(4, 1, label), "big")
        shown = datetime.fromtimestamp(value, UTC)
        reader.put(4, 1, label, f"{shown:%Y-%m-%d %H:%M:%S} UTC ({value})")

    return step


def _key_flags(reader: Reader, _: int) -> None:
    value = int.from_bytes(reader.take(2, 1, "flags"), "big")
    words = ", ".join(name for bit, name in _KEY_BITS if value & bit)
    reader.put(2, 1, "flags", f"{value} ({words})" if words else str(value))


def _types(reader: Reader, end: int) -> None:
    """The bit maps of types (RFC 4034, 4.1.2)."""
    while reader.at < end:
        window = reader.take(1, 1, "types")[0]
        length = reader.take(2, 1, "types")[1]
        bits = reader.take(2 + length, 1, "types")[2:]
        found = [
            type_text(window << 8 | index)
            for index in range(len(bits) * 8)
            if bits[index >> 3] & 0x80 >> (index & 7)
        ]
        problem = "" if 1 <= length <= 32 else "a window has 1 to 32 octets (RFC 4034, 4.1.2)"
        reader.put(2 + length, 1, "types", " ".join(found) or "none", problem)


def _parameters(reader: Reader, end: int) -> None:
    """Of SVCB and HTTPS (RFC 9460, 2.2)."""
    last = -1
    while reader.at < end:
        key = int.from_bytes(reader.take(2, 1, "parameter"), "big")
        problem = "" if key > last else "keys must grow (RFC 9460, 2.2)"
        last = key
        reader.put(2, 1, "parameter", f"{_PARAMETERS.get(key, f'key{key}')} ({key})", problem)
        length = reader.number(2, 2, "length")
        piece = reader.take(length, 2, "value")
        if length:
            reader.put(length, 2, "value", _parameter_text(key, piece))


def _parameter_text(key: int, piece: bytes) -> str:
    if key == 1:
        return ", ".join(_alpn(piece))
    if key == 3 and len(piece) == 2:
        return str(int.from_bytes(piece, "big"))
    if key == 4 and len(piece) % 4 == 0:
        return ", ".join(str(IPv4Address(piece[at : at + 4])) for at in range(0, len(piece), 4))
    if key == 6 and len(piece) % 16 == 0:
        return ", ".join(str(IPv6Address(piece[at : at + 16])) for at in range(0, len(piece), 16))
    if key == 0 and len(piece) % 2 == 0:
        keys = (int.from_bytes(piece[at : at + 2], "big") for at in range(0, len(piece), 2))
        return ", ".join(_PARAMETERS.get(one, f"key{one}") for one in keys)
    if key == 7:
        return piece.decode("utf-8", "backslashreplace")
    return piece.hex(" ") if len(piece) <= 24 else f"{len(piece)} octets"


def _alpn(piece: bytes) -> list[str]:
    found = []
    at = 0
    while at < len(piece):
        found.append(piece[at + 1 : at + 1 + piece[at]].decode("ascii", "backslashreplace"))
        at += 1 + piece[at]
    return found


_PREFERRED = (_number("preference", 2), _name("target"))
_DS = (
    _number("key tag", 2),
    _number("algorithm", 1, _ALGORITHMS),
    _number("digest type", 1, _DIGESTS),
    _rest("digest"),
)
_KEY = (
    _key_flags,
    _number("protocol", 1),
    _number("algorithm", 1, _ALGORITHMS),
    _rest("public key"),
)
_SERVICE = (_number("priority", 2), _name("target"), _parameters)
_HASHING = (
    _number("hash", 1, {1: "SHA-1"}),
    _number("flags", 1, {1: "opt-out"}),
    _number("iterations", 2),
    _counted("salt"),
)
_MATCHING = (
    _number("usage", 1, {0: "PKIX-TA", 1: "PKIX-EE", 2: "DANE-TA", 3: "DANE-EE"}),
    _number("selector", 1, {0: "certificate", 1: "public key"}),
    _number("matching", 1, {0: "whole", 1: "SHA-256", 2: "SHA-512"}),
    _rest("data"),
)
LAYOUTS: dict[int, tuple[Step, ...]] = {
    dns.A: (_ipv4,),
    dns.NS: (_name("target"),),
    3: (_name("target"),),
    4: (_name("target"),),
    dns.CNAME: (_name("target"),),
    dns.SOA: (
        _name("primary server"),
        _name("mailbox"),
        *(_number(label, 4) for label in ("serial", "refresh", "retry", "expire", "minimum")),
    ),
    7: (_name("target"),),
    8: (_name("target"),),
    9: (_name("target"),),
    dns.PTR: (_name("target"),),
    13: (_string("CPU"), _string("system")),
    14: (_name("mailbox"), _name("errors to")),
    dns.MX: _PREFERRED,
    dns.TXT: (_strings,),
    17: (_name("mailbox"), _name("text at")),
    18: (_number("subtype", 2), _name("target")),
    19: (_string("address"),),
    21: _PREFERRED,
    25: _KEY,
    26: (_number("preference", 2), _name("RFC 822 part"), _name("X.400 part")),
    27: (_string("longitude"), _string("latitude"), _string("altitude")),
    dns.AAAA: (_ipv6,),
    29: (
        *(_number(label, 1) for label in ("version", "size", "horizontal", "vertical")),
        *(_number(label, 4) for label in ("latitude", "longitude", "altitude")),
    ),
    dns.SRV: (
        _number("priority", 2),
        _number("weight", 2),
        _number("port", 2),
        _name("target"),
    ),
    35: (
        _number("order", 2),
        _number("preference", 2),
        _string("flags"),
        _string("service"),
        _string("regexp"),
        _name("replacement"),
    ),
    36: _PREFERRED,
    37: (
        _number("certificate type", 2, {1: "PKIX", 2: "SPKI", 3: "PGP"}),
        _number("key tag", 2),
        _number("algorithm", 1, _ALGORITHMS),
        _rest("certificate"),
    ),
    dns.DNAME: (_name("target"),),
    dns.DS: _DS,
    44: (
        _number("algorithm", 1, {1: "RSA", 2: "DSA", 3: "ECDSA", 4: "Ed25519", 6: "Ed448"}),
        _number("fingerprint type", 1, {1: "SHA-1", 2: "SHA-256"}),
        _rest("fingerprint"),
    ),
    dns.RRSIG: (
        _type,
        _number("algorithm", 1, _ALGORITHMS),
        _number("labels", 1),
        _number("original TTL", 4),
        _time("expiration"),
        _time("inception"),
        _number("key tag", 2),
        _name("signer"),
        _rest("signature"),
    ),
    dns.NSEC: (_name("next name"), _types),
    dns.DNSKEY: _KEY,
    49: (_rest("data"),),
    dns.NSEC3: (*_HASHING, _counted("next hash"), _types),
    dns.NSEC3PARAM: _HASHING,
    52: _MATCHING,
    53: _MATCHING,
    59: _DS,
    60: _KEY,
    61: (_rest("key"),),
    62: (_number("serial", 4), _number("flags", 2), _types),
    63: (
        _number("serial", 4),
        _number("scheme", 1, {1: "simple"}),
        _number("hash", 1, {1: "SHA-384", 2: "SHA-512"}),
        _rest("digest"),
    ),
    dns.SVCB: _SERVICE,
    dns.HTTPS: _SERVICE,
    99: (_strings,),
    104: (_number("preference", 2), _octets("node", 8)),
    105: (_number("preference", 2), _ipv4),
    106: (_number("preference", 2), _octets("locator", 8)),
    107: _PREFERRED,
    108: (_octets("address", 6),),
    109: (_octets("address", 8),),
    256: (_number("priority", 2), _number("weight", 2), _rest_text("target")),
    257: (_number("flags", 1, {128: "critical"}), _string("tag"), _rest_text("value")),
}
