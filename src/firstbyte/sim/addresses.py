"""Socket addresses as Python's ``socket`` module writes them, and as the stack wants them."""

import errno
import ipaddress
import os
import socket
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from firstbyte.sim.errors import os_error

Endpoint = tuple[str, int]
"""An IP address as text, and a port."""

ANY4, ANY6 = "0.0.0.0", "::"
MAPPED = "::ffff:"

PATH_BYTES = 108
"""``sizeof(sockaddr_un.sun_path)``."""


def parse(family: int, address: Any, resolve: Callable[[str], str]) -> Endpoint:
    """The endpoint in a ``sockaddr`` of ``family``; IPv4-mapped addresses become IPv4.

    ``resolve`` gives the address of a host that is not written as one. The endpoint of a Unix
    socket is its name, and 0.

    Raises what ``socket`` raises: ``TypeError``, ``OverflowError``, ``gaierror``.
    """
    if family == socket.AF_UNIX:
        return _unix_name(address), 0
    if not isinstance(address, tuple):
        raise TypeError(f"AF_INET address must be tuple, not {type(address).__name__}")
    if not 2 <= len(address) <= (2 if family == socket.AF_INET else 4):
        raise TypeError("AF_INET address must be a pair (host, port)")
    host, port = address[0], address[1]
    if not isinstance(port, int):
        raise TypeError("an integer is required (got type str)")
    if not 0 <= port <= 0xFFFF:
        raise OverflowError("bind(): port must be 0-65535.")
    return _host(family, host, resolve), port


def _unix_name(address: Any) -> str:
    if not isinstance(address, str | bytes | bytearray | os.PathLike):
        raise TypeError(f"a bytes-like object is required, not '{type(address).__name__}'")
    given = bytes(address) if isinstance(address, bytearray) else address
    name = os.fsdecode(given)
    # A path is stored with its final zero, an abstract name without.
    if len(os.fsencode(name)) >= PATH_BYTES + name.startswith("\0"):
        raise OSError("AF_UNIX path too long")
    return name


def _host(family: int, host: Any, resolve: Callable[[str], str]) -> str:
    text = host.decode("ascii") if isinstance(host, bytes | bytearray) else host
    if not isinstance(text, str):
        raise TypeError("str, bytes or bytearray expected")
    if text == "":
        return ANY4 if family == socket.AF_INET else ANY6
    if text == "<broadcast>":
        return "255.255.255.255"
    try:
        found = _parse_literal(text)
    except ValueError:
        found = _parse_literal(resolve(text))
    return _bare(family, found)


@lru_cache(maxsize=4096)
def _parse_literal(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """Without a zone; cached, since a program that connects a lot mentions few addresses."""
    return ipaddress.ip_address(text.partition("%")[0])


def _bare(family: int, found: ipaddress.IPv4Address | ipaddress.IPv6Address) -> str:
    if isinstance(found, ipaddress.IPv6Address):
        if family == socket.AF_INET:
            raise socket.gaierror(-9, "Address family for hostname not supported")
        mapped = found.ipv4_mapped
        return str(found) if mapped is None else str(mapped)
    if family == socket.AF_INET6:
        raise socket.gaierror(-9, "Address family for hostname not supported")
    return str(found)


def render(family: int, endpoint: Endpoint) -> Any:
    """The ``sockaddr`` that a socket of ``family`` reports for ``endpoint``."""
    address, port = endpoint
    if family == socket.AF_UNIX:
        return os.fsencode(address) if address.startswith("\0") else address
    if family == socket.AF_INET:
        return (address, port)
    return (address if ":" in address else MAPPED + address, port, 0, 0)


def require_family(family: int, endpoint: Endpoint, *, v6_only: bool) -> None:
    """Refuse an IPv4 peer on a socket that speaks IPv6 alone: ENETUNREACH, as Linux."""
    if family == socket.AF_INET6 and ":" not in endpoint[0] and v6_only:
        raise os_error(errno.ENETUNREACH)
