"""The EDNS options of a question."""

import secrets
from ipaddress import ip_network

from firstbyte.resolver.query.wanted import Wanted

NSID = 3
CLIENT_SUBNET = 8
EXPIRE = 9
COOKIE = 10
KEEPALIVE = 11
PADDING = 12
_HEAD_BYTES = 4
"""Of an option: code and length."""


def options(wanted: Wanted, size_bytes: int) -> tuple[tuple[int, bytes], ...]:
    """What is asked for, in the order of the codes; padding last.

    ``size_bytes`` is the query's size without options.
    """
    found = [(code, b"") for code, on in _switches(wanted) if on]
    if wanted.subnet is not None:
        found.append((CLIENT_SUBNET, _subnet(wanted.subnet)))
    if wanted.cookie is not None:
        found.append((COOKIE, wanted.cookie or secrets.token_bytes(8)))
    found = [*sorted(found), *wanted.options]
    if wanted.block_bytes:
        size = size_bytes + sum(_HEAD_BYTES + len(data) for _, data in found) + _HEAD_BYTES
        found.append((PADDING, bytes(-size % wanted.block_bytes)))
    return tuple(found)


def _switches(wanted: Wanted) -> tuple[tuple[int, bool], ...]:
    return (NSID, wanted.nsid), (EXPIRE, wanted.expire), (KEEPALIVE, wanted.keepalive)


def _subnet(text: str) -> bytes:
    """The option of RFC 7871, 6; "0" tells nothing of the client (7.1.2)."""
    if text == "0":
        return (1).to_bytes(2, "big") + bytes(2)
    network = ip_network(text)
    family = 1 if network.version == 4 else 2
    octets = network.network_address.packed[: (network.prefixlen + 7) // 8]
    return family.to_bytes(2, "big") + bytes((network.prefixlen, 0)) + octets
