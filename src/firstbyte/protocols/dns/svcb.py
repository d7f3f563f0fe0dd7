"""SVCB and HTTPS records: their data, read strictly (RFC 9460, 2.2 and 7)."""

import struct
from ipaddress import IPv4Address, IPv6Address

from msgspec import Struct

from firstbyte.errors import DecodeError
from firstbyte.protocols.dns import rdata as layouts

MANDATORY, ALPN, NO_DEFAULT_ALPN, PORT, IPV4HINT, ECH, IPV6HINT = range(7)
"""RFC 9460, 14.3.2; ech: RFC 9848."""
_HEAD = struct.Struct("!HH")


class ServiceBinding(Struct, frozen=True):
    """One record: ``priority`` 0 is an alias to ``target``; else ``params`` say how it is reached.

    ``target`` is a name as it came. What a client acts on stands by itself; ``params`` holds all
    values by their keys.
    """

    priority: int
    target: bytes
    params: dict[int, bytes]
    mandatory: tuple[int, ...] = ()
    alpn: tuple[bytes, ...] = ()
    port: int | None = None
    ipv4hint: tuple[str, ...] = ()
    ipv6hint: tuple[str, ...] = ()

    @property
    def no_default_alpn(self) -> bool:
        """Whether only the protocols of ``alpn`` are spoken."""
        return NO_DEFAULT_ALPN in self.params

    @property
    def ech(self) -> bytes | None:
        """The ECHConfigList."""
        return self.params.get(ECH)


def read_binding(rdata: bytes) -> ServiceBinding:
    """What the record says.

    Raises:
        DecodeError: it is malformed, and must not be used (RFC 9460, 2.2).

    """
    at = layouts.step_end(rdata, 0, 2)
    end = layouts.step_end(rdata, at, layouts.NAME)
    priority, target = int.from_bytes(rdata[:at], "big"), rdata[at:end]
    if priority == 0:
        return ServiceBinding(0, target, {})  # RFC 9460, 2.4.2: parameters are ignored
    params = _params(rdata, end)
    binding = ServiceBinding(
        priority,
        target,
        params,
        mandatory=_mandatory(params),
        alpn=_strings(params.get(ALPN)),
        port=_port(params.get(PORT)),
        ipv4hint=tuple(str(IPv4Address(one)) for one in _pieces(params, IPV4HINT, 4)),
        ipv6hint=tuple(str(IPv6Address(one)) for one in _pieces(params, IPV6HINT, 16)),
    )
    _check_ech(binding.ech)
    if binding.no_default_alpn and (params[NO_DEFAULT_ALPN] or not binding.alpn):
        raise _broken("no-default-alpn", "no value, and alpn beside it", "7.1.1")
    return binding


def _params(rdata: bytes, at: int) -> dict[int, bytes]:
    params: dict[int, bytes] = {}
    last = -1
    while at < len(rdata):
        start = layouts.step_end(rdata, at, _HEAD.size)
        key, size = _HEAD.unpack_from(rdata, at)
        if key <= last:
            raise _broken("SvcParams", "keys in ascending order", "2.2")
        at = layouts.step_end(rdata, start, size)
        params[key] = rdata[start:at]
        last = key
    return params


def _mandatory(params: dict[int, bytes]) -> tuple[int, ...]:
    keys = [int.from_bytes(one, "big") for one in _pieces(params, MANDATORY, 2)]
    if keys != sorted(set(keys)) or MANDATORY in keys or not params.keys() >= set(keys):
        raise _broken("mandatory", "other keys of this record, ascending", "8")
    return tuple(keys)


def _strings(value: bytes | None) -> tuple[bytes, ...]:
    if value is None:
        return ()
    found = []
    at = 0
    while at < len(value):
        end = layouts.step_end(value, at, layouts.TEXT)
        found.append(value[at + 1 : end])
        at = end
    if not found or not all(found):
        raise _broken("alpn", "one or more names", "7.1.1")
    return tuple(found)


def _port(value: bytes | None) -> int | None:
    if value is None:
        return None
    if len(value) != 2:
        raise _broken("port", "2 octets", "7.2")
    return int.from_bytes(value, "big")


def _check_ech(value: bytes | None) -> None:
    """An ECHConfigList with its length (RFC 9849, 4)."""
    if value is not None and (len(value) < 6 or int.from_bytes(value[:2], "big") != len(value) - 2):
        raise _broken("ech", "an ECHConfigList", "7")


def _pieces(params: dict[int, bytes], key: int, size: int) -> list[bytes]:
    """The value of ``key`` in pieces of ``size`` octets: at least one where there is a value."""
    value = params.get(key)
    if value is None:
        return []
    if not value or len(value) % size:
        raise _broken("SvcParamValue", f"pieces of {size} octets", "7.3")
    return [value[at : at + size] for at in range(0, len(value), size)]


def _broken(field: str, expected: str, section: str) -> DecodeError:
    return DecodeError(0, field, expected, "something else", f"RFC 9460, {section}")
