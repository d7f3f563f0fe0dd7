"""What stands behind a socket: one module a kind."""

import errno
import socket
from typing import TYPE_CHECKING

from firstbyte.sim.endpoints.base import Endpoint
from firstbyte.sim.errors import os_error

if TYPE_CHECKING:
    from firstbyte.sim.hosts import Host

Kinds = dict[int, tuple[int, type[Endpoint]]]
"""By type of socket: its protocol, and what stands behind it."""

PINGS = {
    int(socket.AF_INET): int(socket.IPPROTO_ICMP),
    int(socket.AF_INET6): int(socket.IPPROTO_ICMPV6),
}
"""By family: the protocol that makes a datagram socket one for echoes."""

__all__ = ["Endpoint", "make_endpoint", "make_pair"]


def make_endpoint(host: "Host", family: int, kind: int, proto: int) -> Endpoint:
    """The endpoint for a new socket on ``host``.

    Raises the errors of socket(2): EAFNOSUPPORT, EPROTONOSUPPORT, ESOCKTNOSUPPORT.
    """
    from firstbyte.sim.endpoints.datagram import DatagramEndpoint
    from firstbyte.sim.endpoints.ping import PingEndpoint
    from firstbyte.sim.endpoints.stream import StreamEndpoint
    from firstbyte.sim.endpoints.unix_datagram import UnixDatagramEndpoint
    from firstbyte.sim.endpoints.unix_stream import UnixStreamEndpoint

    if kind == socket.SOCK_DGRAM and PINGS.get(family) == proto:
        return PingEndpoint(host, family)
    inet: Kinds = {
        socket.SOCK_STREAM: (socket.IPPROTO_TCP, StreamEndpoint),
        socket.SOCK_DGRAM: (socket.IPPROTO_UDP, DatagramEndpoint),
    }
    unix: Kinds = {
        socket.SOCK_STREAM: (0, UnixStreamEndpoint),
        socket.SOCK_DGRAM: (0, UnixDatagramEndpoint),
    }
    families: dict[int, Kinds] = {
        socket.AF_INET: inet,
        socket.AF_INET6: inet,
        socket.AF_UNIX: unix,
    }
    if family not in families:
        raise os_error(errno.EAFNOSUPPORT)
    kinds = families[family]
    if kind not in kinds:
        raise os_error(errno.ESOCKTNOSUPPORT)
    protocol, make = kinds[kind]
    if proto not in {0, protocol}:
        raise os_error(errno.EPROTONOSUPPORT)
    return make(host, family)


def make_pair(host: "Host", family: int, kind: int, proto: int) -> tuple[Endpoint, Endpoint]:
    """Two endpoints on ``host`` that are connected to each other, as socketpair(2) makes them.

    Raises its errors: EOPNOTSUPP for all but Unix sockets, and those of ``make_endpoint``.
    """
    from firstbyte.sim.endpoints.unix_datagram import UnixDatagramEndpoint
    from firstbyte.sim.endpoints.unix_stream import UnixStreamEndpoint

    first = make_endpoint(host, family, kind, proto)
    second = make_endpoint(host, family, kind, proto)
    if isinstance(first, UnixStreamEndpoint) and isinstance(second, UnixStreamEndpoint):
        first.join(second)
        return first, second
    if isinstance(first, UnixDatagramEndpoint) and isinstance(second, UnixDatagramEndpoint):
        first.join(second)
        return first, second
    raise os_error(errno.EOPNOTSUPP)
