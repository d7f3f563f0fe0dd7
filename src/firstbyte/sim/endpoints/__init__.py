"""What stands behind a socket: one module a kind."""

import errno
import socket
from typing import TYPE_CHECKING

from firstbyte.sim.endpoints.base import Endpoint
from firstbyte.sim.errors import os_error

if TYPE_CHECKING:
    from firstbyte.sim.hosts import Host

__all__ = ["Endpoint", "make_endpoint"]


def make_endpoint(host: "Host", family: int, kind: int, proto: int) -> Endpoint:
    """The endpoint for a new socket on ``host``.

    Raises the errors of socket(2): EAFNOSUPPORT, EPROTONOSUPPORT, ESOCKTNOSUPPORT.
    """
    from firstbyte.sim.endpoints.datagram import DatagramEndpoint
    from firstbyte.sim.endpoints.stream import StreamEndpoint

    if family not in {socket.AF_INET, socket.AF_INET6}:
        raise os_error(errno.EAFNOSUPPORT)
    kinds: dict[int, tuple[int, type[Endpoint]]] = {
        socket.SOCK_STREAM: (socket.IPPROTO_TCP, StreamEndpoint),
        socket.SOCK_DGRAM: (socket.IPPROTO_UDP, DatagramEndpoint),
    }
    if kind not in kinds:
        raise os_error(errno.ESOCKTNOSUPPORT)
    protocol, make = kinds[kind]
    if proto not in {0, protocol}:
        raise os_error(errno.EPROTONOSUPPORT)
    return make(host, family)
