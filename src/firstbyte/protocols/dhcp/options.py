"""DHCP's options: what each number means, and values from and to bytes (RFC 2132 and later)."""

from collections.abc import Callable
from typing import NamedTuple

from firstbyte.errors import DecodeError, UsageError
from firstbyte.protocols.dhcp.values import (
    Value,
    address_from,
    addresses_from,
    addresses_to,
    names_from,
    names_to,
    number_from,
    number_to,
    octets_from,
    octets_to,
    routes_from,
    routes_to,
    text_from,
    text_to,
)

PAD, END = 0, 255
SUBNET_MASK, ROUTER, DNS_SERVERS, HOST_NAME, DOMAIN_NAME = 1, 3, 6, 12, 15
INTERFACE_MTU, BROADCAST_ADDRESS = 26, 28
REQUESTED_ADDRESS, LEASE_TIME, OVERLOAD, MESSAGE_TYPE, SERVER_ID = 50, 51, 52, 53, 54
PARAMETER_LIST, MESSAGE, MAX_MESSAGE_BYTES, RENEWAL_TIME, REBINDING_TIME = 55, 56, 57, 58, 59
VENDOR_CLASS, CLIENT_ID, DOMAIN_SEARCH, CLASSLESS_ROUTES = 60, 61, 119, 121


class Kind(NamedTuple):
    """How an option's value is written: from Python to bytes, and back."""

    encode: Callable[[Value], bytes]
    decode: Callable[[bytes], Value]


_ADDRESS = Kind(addresses_to, address_from)
_ADDRESSES = Kind(addresses_to, addresses_from)
_TEXT = Kind(text_to, text_from)
_OCTETS = Kind(octets_to, octets_from)
_U8, _U16, _U32 = (Kind(number_to(size), number_from(size)) for size in (1, 2, 4))


class Option(NamedTuple):
    """One row of the registry; ``reference`` is where it is defined."""

    name: str
    kind: Kind
    reference: str


OPTIONS: dict[int, Option] = {
    SUBNET_MASK: Option("subnet mask", _ADDRESS, "RFC 2132, 3.3"),
    ROUTER: Option("router", _ADDRESSES, "RFC 2132, 3.5"),
    DNS_SERVERS: Option("DNS servers", _ADDRESSES, "RFC 2132, 3.8"),
    HOST_NAME: Option("host name", _TEXT, "RFC 2132, 3.14"),
    DOMAIN_NAME: Option("domain name", _TEXT, "RFC 2132, 3.17"),
    INTERFACE_MTU: Option("interface MTU", _U16, "RFC 2132, 5.1"),
    BROADCAST_ADDRESS: Option("broadcast address", _ADDRESS, "RFC 2132, 5.3"),
    REQUESTED_ADDRESS: Option("requested address", _ADDRESS, "RFC 2132, 9.1"),
    LEASE_TIME: Option("lease time", _U32, "RFC 2132, 9.2"),
    OVERLOAD: Option("option overload", _U8, "RFC 2132, 9.3"),
    MESSAGE_TYPE: Option("message type", _U8, "RFC 2132, 9.6"),
    SERVER_ID: Option("server identifier", _ADDRESS, "RFC 2132, 9.7"),
    PARAMETER_LIST: Option("parameter request list", _OCTETS, "RFC 2132, 9.8"),
    MESSAGE: Option("message", _TEXT, "RFC 2132, 9.9"),
    MAX_MESSAGE_BYTES: Option("maximum message size", _U16, "RFC 2132, 9.10"),
    RENEWAL_TIME: Option("renewal time T1", _U32, "RFC 2132, 9.11"),
    REBINDING_TIME: Option("rebinding time T2", _U32, "RFC 2132, 9.12"),
    VENDOR_CLASS: Option("vendor class", _OCTETS, "RFC 2132, 9.13"),
    CLIENT_ID: Option("client identifier", _OCTETS, "RFC 2132, 9.14"),
    DOMAIN_SEARCH: Option("domain search", Kind(names_to, names_from), "RFC 3397"),
    CLASSLESS_ROUTES: Option("classless static routes", Kind(routes_to, routes_from), "RFC 3442"),
}


def encode_option(code: int, value: Value) -> bytes:
    """The octets of an option's value. Raises :class:`UsageError` for what it cannot hold."""
    option = OPTIONS.get(code)
    try:
        return octets_to(value) if option is None else option.kind.encode(value)
    except (TypeError, ValueError, OverflowError, DecodeError) as error:
        name = f"option {code}" if option is None else option.name
        raise UsageError(f"DHCP {name} cannot be {value!r}") from error


def decode_option(code: int, data: bytes) -> Value:
    """The value of an option; options that are not in the registry are octets.

    Raises:
        DecodeError: the octets are no such value.

    """
    option = OPTIONS.get(code)
    if option is None:
        return data
    try:
        return option.kind.decode(data)
    except ValueError as error:
        found = f"{len(data)} octets {data[:16].hex()}"
        raise DecodeError(0, option.name, str(error), found, option.reference) from error
