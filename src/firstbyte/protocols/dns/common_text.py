"""The data of the commonest types as text (RFC 1035, 5; RFC 9460, 2.1), without dnspython.

A client meets these in nearly every answer, and loading dnspython takes longer than the answer.
"""

import struct
from base64 import b64encode
from collections.abc import Callable
from ipaddress import IPv6Address

from firstbyte.errors import DecodeError
from firstbyte.protocols.dns import constants as dns
from firstbyte.protocols.dns import rdata as layouts
from firstbyte.protocols.dns import svcb
from firstbyte.protocols.dns.names import to_text

_TIMES = struct.Struct("!5I")
_PARAMETERS = {
    svcb.MANDATORY: "mandatory",
    svcb.ALPN: "alpn",
    svcb.NO_DEFAULT_ALPN: "no-default-alpn",
    svcb.PORT: "port",
    svcb.IPV4HINT: "ipv4hint",
    svcb.ECH: "ech",
    svcb.IPV6HINT: "ipv6hint",
}


def common_text(rdtype: int, rdata: bytes) -> str | None:
    """``rdata`` of class IN as text; None for other types, and for what breaks its type's rules."""
    write = _WRITERS.get(rdtype)
    try:
        return None if write is None else write(rdata)
    except DecodeError:
        return None


def _ipv4(rdata: bytes) -> str | None:
    return ".".join(map(str, rdata)) if len(rdata) == 4 else None


def _ipv6(rdata: bytes) -> str | None:
    if len(rdata) != 16:
        return None
    address = IPv6Address(rdata)
    # Python's versions differ in how they write these.
    return None if address.ipv4_mapped is not None else str(address)


def _name(rdata: bytes) -> str | None:
    return to_text(rdata) if layouts.step_end(rdata, 0, layouts.NAME) == len(rdata) else None


def _exchanger(rdata: bytes) -> str | None:
    name = _name(rdata[2:]) if len(rdata) > 2 else None
    return None if name is None else f"{int.from_bytes(rdata[:2], 'big')} {name}"


def _authority(rdata: bytes) -> str | None:
    middle = layouts.step_end(rdata, 0, layouts.NAME)
    end = layouts.step_end(rdata, middle, layouts.NAME)
    if len(rdata) - end != _TIMES.size:
        return None
    numbers = " ".join(map(str, _TIMES.unpack_from(rdata, end)))
    return f"{to_text(rdata[:middle])} {to_text(rdata[middle:end])} {numbers}"


def _binding(rdata: bytes) -> str | None:
    found = svcb.read_binding(rdata)
    head = f"{found.priority} {to_text(found.target)}"
    if found.params.keys() - _PARAMETERS.keys() or not all(map(_is_plain, found.alpn)):
        return None
    values = {
        svcb.MANDATORY: [_PARAMETERS.get(key, "") for key in found.mandatory],
        svcb.ALPN: [one.decode() for one in found.alpn],
        svcb.PORT: [str(found.port)],
        svcb.IPV4HINT: found.ipv4hint,
        svcb.ECH: [b64encode(found.ech or b"").decode()],
        svcb.IPV6HINT: found.ipv6hint,
    }
    words = [
        _PARAMETERS[key] + (f'="{",".join(values[key])}"' if key in values else "")
        for key in found.params
    ]
    return " ".join([head, *words])


def _is_plain(word: bytes) -> bool:
    """Without what would have to be escaped, twice over."""
    return word.translate(None, b"/.-_").isalnum()


_WRITERS: dict[int, Callable[[bytes], str | None]] = {
    dns.A: _ipv4,
    dns.NS: _name,
    dns.CNAME: _name,
    dns.SOA: _authority,
    dns.PTR: _name,
    dns.MX: _exchanger,
    dns.AAAA: _ipv6,
    dns.DNAME: _name,
    dns.SVCB: _binding,
    dns.HTTPS: _binding,
}
