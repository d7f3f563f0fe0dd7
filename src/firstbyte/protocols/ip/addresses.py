"""Addresses as canonical text ("192.0.2.1", "2001:db8::1"), the form that everything here uses.

Text hashes once, compares fast and reads well in events. Conversion to and from wire bytes is
cached: a simulation talks about few addresses.
"""

from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address

from firstbyte.errors import UsageError

ANY_V4, ANY_V6 = "0.0.0.0", "::"  # noqa: S104 - the unspecified addresses as values
BROADCAST = "255.255.255.255"
ALL_NODES, ALL_ROUTERS = "ff02::1", "ff02::2"
MAC_BROADCAST = b"\xff" * 6


@lru_cache(maxsize=65536)
def pack(address: str) -> bytes:
    """Wire bytes, 4 or 16. Raises :class:`UsageError` for what is no address."""
    try:
        return ip_address(address).packed
    except ValueError as error:
        raise UsageError(f"{address!r} is not an IP address") from error


@lru_cache(maxsize=65536)
def unpack(data: bytes) -> str:
    """Canonical text for 4 or 16 wire bytes."""
    return str(IPv4Address(data) if len(data) == 4 else IPv6Address(data))


@lru_cache(maxsize=65536)
def canonical(address: str) -> str:
    """The canonical text of any spelling. Raises :class:`UsageError`."""
    return unpack(pack(address))


def version(address: str) -> int:
    """4 or 6."""
    return 6 if ":" in address else 4


@lru_cache(maxsize=4096)
def is_multicast(address: str) -> bool:
    """Class D (RFC 1112) or ff00::/8 (RFC 4291, section 2.7)."""
    return ip_address(address).is_multicast


@lru_cache(maxsize=4096)
def is_loopback(address: str) -> bool:
    """127.0.0.0/8 or ::1."""
    return ip_address(address).is_loopback


@lru_cache(maxsize=4096)
def is_link_local(address: str) -> bool:
    """169.254.0.0/16 or fe80::/10."""
    return ip_address(address).is_link_local


def is_unspecified(address: str) -> bool:
    """0.0.0.0 or ``::``."""
    return address in {ANY_V4, ANY_V6}


@lru_cache(maxsize=4096)
def solicited_node(address: str) -> str:
    """The group that listens for neighbour solicitations (RFC 4291, section 2.7.1)."""
    return unpack(bytes.fromhex("ff0200000000000000000001ff") + pack(address)[-3:])


def multicast_mac(address: str) -> bytes:
    """The Ethernet group of an IP group (RFC 1112, section 6.4; RFC 2464, section 7)."""
    packed = pack(address)
    if len(packed) == 4:
        return b"\x01\x00\x5e" + bytes((packed[1] & 0x7F, packed[2], packed[3]))
    return b"\x33\x33" + packed[-4:]
