"""``socket``: sockets are simulated, and blocking name lookups ask the host's own table."""

import _socket
import errno
import socket
import ssl
from collections.abc import Iterator
from typing import Any, cast

from firstbyte.sim import names
from firstbyte.sim.current import HOST, current_host
from firstbyte.sim.descriptors import DESCRIPTORS
from firstbyte.sim.endpoints import make_pair
from firstbyte.sim.errors import os_error
from firstbyte.sim.patches.substitution import Substitution
from firstbyte.sim.sockets import TYPE_MASK, SimSocket

REAL_SOCKET = socket.socket
_REAL_FROMFD = socket.fromfd
_REAL_WRAP_SOCKET = ssl.SSLContext.wrap_socket


def substitutions() -> Iterator[Substitution]:
    """What replaces the module's class and functions."""
    yield Substitution(socket, "socket", SimSocket)
    yield Substitution(socket, "SocketType", SimSocket)
    yield Substitution(socket, "socketpair", _socketpair)
    yield Substitution(socket, "fromfd", _fromfd)
    yield Substitution(ssl.SSLContext, "wrap_socket", _wrap_socket, everywhere=False)
    yield Substitution(socket, "getaddrinfo", _getaddrinfo)
    yield Substitution(socket, "getnameinfo", _getnameinfo)
    yield Substitution(socket, "gethostbyname", _gethostbyname)
    yield Substitution(socket, "gethostbyaddr", _gethostbyaddr)
    yield Substitution(socket, "gethostname", _gethostname)
    yield Substitution(socket, "getfqdn", _getfqdn)
    yield Substitution(socket, "if_nameindex", _if_nameindex)
    yield Substitution(socket, "if_nametoindex", _if_nametoindex)
    yield Substitution(socket, "if_indextoname", _if_indextoname)


def _socketpair(
    family: int | None = None,
    type: int = socket.SOCK_STREAM,  # noqa: A002
    proto: int = 0,
) -> tuple[socket.socket, socket.socket]:
    """A pair of the running host's; for what belongs to the process itself, a real one."""
    if family is None:
        family = socket.AF_UNIX
    if HOST.get() is not None:
        pair: tuple[socket.socket, socket.socket] = _simulated_pair(family, type, proto)
        return pair
    ends = _socket.socketpair(family, type, proto)
    first, second = (
        REAL_SOCKET(end.family, end.type, end.proto, fileno=end.detach()) for end in ends
    )
    return first, second


def _fromfd(fd: int, family: int, type: int, proto: int = 0) -> Any:  # noqa: A002
    found = DESCRIPTORS.owner(fd)
    return _REAL_FROMFD(fd, family, type, proto) if found is None else found.dup()


def _wrap_socket(context: ssl.SSLContext, sock: Any, *args: Any, **options: Any) -> ssl.SSLSocket:
    if isinstance(sock, SimSocket):
        from firstbyte.sim.tls_sockets import wrap_socket

        return cast(ssl.SSLSocket, wrap_socket(context, sock, *args, **options))
    return _REAL_WRAP_SOCKET(context, sock, *args, **options)


def _simulated_pair(family: int, kind: int, proto: int) -> Any:
    ends = make_pair(current_host(), family, kind & TYPE_MASK, proto)
    return tuple(SimSocket(family, kind, proto, endpoint=end) for end in ends)


def _getaddrinfo(
    host: str | bytes | None,
    port: str | bytes | int | None,
    family: int = 0,
    type: int = 0,  # noqa: A002
    proto: int = 0,
    flags: int = 0,
) -> list[names.AddressInfo]:
    query = names.Query(host, port, family, type, proto, flags)
    return names.lookup_at_once(current_host(), query)


def _getnameinfo(sockaddr: Any, flags: int) -> tuple[str, str]:
    return names.reverse(current_host(), sockaddr, flags)


def _gethostbyname(hostname: str) -> str:
    if not hostname:
        return "0.0.0.0"
    return str(_getaddrinfo(hostname, None, socket.AF_INET)[0][4][0])


def _gethostbyaddr(address: str) -> tuple[str, list[str], list[str]]:
    name = names.reverse(current_host(), (address, 0), socket.NI_NAMEREQD)[0]
    return name, [], [address]


def _gethostname() -> str:
    return current_host().name


def _getfqdn(name: str = "") -> str:
    return name if name not in {"", "0.0.0.0", "::"} else current_host().name


def _if_nameindex() -> list[tuple[int, str]]:
    return list(enumerate(current_host().interface_names(), 1))


def _if_nametoindex(name: str) -> int:
    names = current_host().interface_names()
    if name not in names:
        raise OSError("no interface with this name")
    return names.index(name) + 1


def _if_indextoname(index: int) -> str:
    names = current_host().interface_names()
    if not 0 < index <= len(names):
        raise os_error(errno.ENXIO)
    return names[index - 1]
