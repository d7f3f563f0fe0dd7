"""Multicast: what the options of ip(7) and ipv6(7) that are structures say."""

import errno
import socket

from firstbyte.protocols.ip.addresses import is_multicast
from firstbyte.sim.errors import os_error
from firstbyte.sim.options import IP, IP6

JOIN = frozenset({(IP, socket.IP_ADD_MEMBERSHIP), (IP6, socket.IPV6_JOIN_GROUP)})
LEAVE = frozenset({(IP, socket.IP_DROP_MEMBERSHIP), (IP6, socket.IPV6_LEAVE_GROUP)})
INTERFACE = frozenset({(IP, socket.IP_MULTICAST_IF), (IP6, socket.IPV6_MULTICAST_IF)})

MREQ_BYTES = {IP: 8, IP6: 20}
"""``struct ip_mreq`` (or the longer ``ip_mreqn``) and ``struct ipv6_mreq``: the group comes first.
The interface is not looked at: the host joins on all of its interfaces."""


def group_of(level: int, value: int | bytes) -> str:
    """The group that is to be joined or left; EINVAL if it is none."""
    if isinstance(value, int) or len(value) < MREQ_BYTES[level]:
        raise os_error(errno.EINVAL)
    if level == IP:
        group = socket.inet_ntop(socket.AF_INET, value[:4])
    else:
        group = socket.inet_ntop(socket.AF_INET6, value[:16])
    if not is_multicast(group):
        raise os_error(errno.EINVAL)
    return group


def interface_address(value: int | bytes) -> str:
    """IP_MULTICAST_IF's address: alone, or the second field of ``ip_mreqn``."""
    if isinstance(value, int) or len(value) < 4:
        raise os_error(errno.EINVAL)
    return socket.inet_ntop(socket.AF_INET, value[4:8] if len(value) >= 8 else value[:4])
