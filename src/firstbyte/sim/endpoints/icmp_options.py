"""What UDP and ping sockets share: options about ICMP errors, hops and MTU, and the error queue."""

import errno
import socket
import struct

from firstbyte.protocols.ip.addresses import pack
from firstbyte.protocols.ip.icmp_reports import IcmpReport, MtuDiscovery
from firstbyte.sim.options import (
    IP,
    IP6,
    IP_MTU_DISCOVER,
    IP_RECVERR,
    IPV6_MTU_DISCOVER,
    IPV6_RECVERR,
    SocketOptions,
)

ORIGIN_ICMP, ORIGIN_ICMP6 = 2, 3
_EXTENDED_ERROR = struct.Struct("=IBBBBII")
"""``struct sock_extended_err``: errno, origin, type, code, padding, info (the MTU), data."""

Ancillary = tuple[int, int, bytes]


def wants_errors(options: SocketOptions, family: int) -> bool:
    """IP_RECVERR or IPV6_RECVERR."""
    six = family == socket.AF_INET6 and options.flag(IP6, IPV6_RECVERR)
    return six or options.flag(IP, IP_RECVERR)


def hops(options: SocketOptions, family: int, default: int) -> int | None:
    """IP_TTL or IPV6_UNICAST_HOPS; None while it is the host's default."""
    six = family == socket.AF_INET6
    chosen = options.get(IP6, socket.IPV6_UNICAST_HOPS) if six else options.get(IP, socket.IP_TTL)
    return None if chosen in {default, -1} else chosen


def discovery(options: SocketOptions, family: int) -> MtuDiscovery:
    """IP_MTU_DISCOVER or IPV6_MTU_DISCOVER; what the kernel does not know is taken for WANT."""
    six = family == socket.AF_INET6
    chosen = options.get(IP6, IPV6_MTU_DISCOVER) if six else options.get(IP, IP_MTU_DISCOVER)
    known = chosen in MtuDiscovery.__members__.values()
    return MtuDiscovery(chosen) if known else MtuDiscovery.WANT


def ancillary(report: IcmpReport) -> Ancillary:
    """The report as recvmsg(MSG_ERRQUEUE) gives it: the error, and the address that told of it."""
    six = ":" in report.sender
    head = _EXTENDED_ERROR.pack(
        int(getattr(errno, report.errno_name)),
        ORIGIN_ICMP6 if six else ORIGIN_ICMP,
        report.type,
        report.code,
        0,
        report.mtu or 0,
        0,
    )
    data = head + _offender(report.sender)
    return (IP6, IPV6_RECVERR, data) if six else (IP, IP_RECVERR, data)


def _offender(address: str) -> bytes:
    """``sockaddr_in`` or ``sockaddr_in6`` with port 0."""
    if ":" in address:
        return struct.pack("=HHI16sI", socket.AF_INET6, 0, 0, pack(address), 0)
    return struct.pack("=HH4s8x", socket.AF_INET, 0, pack(address))
