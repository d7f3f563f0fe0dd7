"""The EDNS options of an answer: NSID, cookies, client subnet, keep-alive, extended errors."""

from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import NamedTuple

from firstbyte.protocols.dns import cookies
from firstbyte.protocols.dns.message import Edns

NSID = 3
CLIENT_SUBNET = 8
COOKIE = 10
KEEPALIVE = 11
EDE = 15
_BITS = {1: 32, 2: 128}
"""Length of addresses by family (RFC 7871, 6)."""


class Subnet(NamedTuple):
    """A client's network, as its resolver tells it (RFC 7871, 6)."""

    family: int
    bits: int
    prefix: bytes

    @property
    def address(self) -> IPv4Address | IPv6Address:
        """The network's first address."""
        width = _BITS[self.family] // 8
        return ip_address(self.prefix + bytes(width - len(self.prefix)))

    def option(self, scope_bits: int) -> bytes:
        """The option of the answer: for how large a network it holds (7.2.1)."""
        head = self.family.to_bytes(2, "big") + bytes((self.bits, scope_bits))
        return head + self.prefix


def read_subnet(edns: Edns | None) -> Subnet | None:
    """The client's subnet, if a query tells it.

    Raises:
        ValueError: the option breaks a rule, so that the answer is FORMERR (7.1.2).

    """
    data = None if edns is None else edns.option(CLIENT_SUBNET)
    if data is None:
        return None
    if len(data) < 4:
        raise ValueError("too short")
    family, bits, scope_bits = int.from_bytes(data[:2], "big"), data[2], data[3]
    prefix = data[4:]
    if family not in _BITS or bits > _BITS[family] or scope_bits:
        raise ValueError("family, length or scope")
    if len(prefix) != (bits + 7) // 8:
        raise ValueError("octets do not fit the length")
    if bits % 8 and prefix[-1] & (0xFF >> bits % 8):
        raise ValueError("bits beyond the length")
    return Subnet(family, bits, prefix)


def has_bad_cookie_length(edns: Edns | None) -> bool:
    """Whether the query's cookie has a length that is FORMERR (RFC 7873, 5.2.2)."""
    option = None if edns is None else edns.option(COOKIE)
    return option is not None and cookies.is_malformed(option)


def keepalive(idle_s: float) -> bytes:
    """How long an idle connection is kept, in tenths of a second (RFC 7828, 3.1)."""
    return min(65535, int(idle_s * 10)).to_bytes(2, "big")
