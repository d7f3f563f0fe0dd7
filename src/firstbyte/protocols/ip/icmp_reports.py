"""ICMP errors as a datagram socket's owner gets to know of them (ip(7), IP_RECVERR; udp(7)).

Without IP_RECVERR a connected socket hears of *hard* errors alone, an unconnected one of none;
with it, every error is pending once, and waits in the error queue with all its details. Held
against Linux 6.18, error by error.
"""

from collections import deque
from enum import IntEnum
from typing import NamedTuple

from firstbyte.protocols.ip import icmpv4, icmpv6
from firstbyte.protocols.ip.icmpv4 import Icmpv4
from firstbyte.protocols.ip.icmpv6 import Icmpv6
from firstbyte.protocols.socket_error import SocketError

Icmp = Icmpv4 | Icmpv6
Endpoint = tuple[str, int]
QUEUE = 64

_V4 = {
    0: ("ENETUNREACH", False),
    1: ("EHOSTUNREACH", False),
    2: ("ENOPROTOOPT", True),
    3: ("ECONNREFUSED", True),
    4: ("EMSGSIZE", True),
    5: ("EOPNOTSUPP", False),
    6: ("ENETUNREACH", True),
    7: ("EHOSTDOWN", True),
    8: ("ENONET", True),
    9: ("ENETUNREACH", True),
    10: ("EHOSTUNREACH", True),
    11: ("ENETUNREACH", False),
    12: ("EHOSTUNREACH", False),
}
"""Linux's icmp_err_convert: the error, and whether it is hard; all others: EHOSTUNREACH, hard."""

_V6 = {
    0: ("ENETUNREACH", False),
    1: ("EACCES", True),
    2: ("EHOSTUNREACH", False),
    3: ("EHOSTUNREACH", False),
    4: ("ECONNREFUSED", True),
    5: ("EACCES", True),
    6: ("EACCES", True),
}


class MtuDiscovery(IntEnum):
    """IP_MTU_DISCOVER: what becomes of a datagram that is longer than the path's MTU.

    ``DONT``: any router may cut it. ``WANT``: cut here, to the MTU that is known. ``DO``:
    EMSGSIZE. ``PROBE``: sent whole as long as the interface takes it.
    """

    DONT = 0
    WANT = 1
    DO = 2
    PROBE = 3


class IcmpReport(NamedTuple):
    """An ICMP error about a datagram of ours. ``data`` is what is quoted of its payload."""

    errno_name: str
    hard: bool
    destination: Endpoint
    sender: str
    type: int
    code: int
    mtu: int | None
    data: bytes = b""


def meaning(message: Icmp) -> tuple[str, bool]:
    """The error's errno name, and whether it is hard."""
    four = isinstance(message, Icmpv4)
    unreachable = icmpv4.UNREACHABLE if four else icmpv6.UNREACHABLE
    problem = icmpv4.PARAMETER_PROBLEM if four else icmpv6.PARAMETER_PROBLEM
    if message.type == unreachable:
        return (_V4 if four else _V6).get(message.code, ("EHOSTUNREACH", True))
    if not four and message.type == icmpv6.PACKET_TOO_BIG:
        return "EMSGSIZE", True
    return ("EPROTO", True) if message.type == problem else ("EHOSTUNREACH", False)


class ErrorQueue:
    """The errors of one socket. ``error`` is the pending one: the next call raises it."""

    __slots__ = ("_reports", "error", "wanted")

    def __init__(self) -> None:
        self.wanted = False
        """Every error is wanted, with its details [IP_RECVERR]."""
        self.error: str | None = None
        self._reports: deque[IcmpReport] = deque(maxlen=QUEUE)

    def __bool__(self) -> bool:
        return self.error is not None or bool(self._reports)

    def note(self, report: IcmpReport, *, connected: bool) -> bool:
        """ICMP told of an error; whether the owner is to know."""
        if self.wanted:
            self._reports.append(report)
        elif not (report.hard and connected):
            return False
        self.error = report.errno_name
        return True

    def raise_error(self) -> None:
        """Raise and clear the pending error, if there is one."""
        if self.error is not None:
            error, self.error = self.error, None
            raise SocketError(error, "reported by ICMP")

    def take_error(self) -> str | None:
        """The pending error, which is then gone."""
        error, self.error = self.error, None
        return error

    def take_report(self) -> IcmpReport | None:
        """The oldest report; the next one's error is then pending."""
        if not self._reports:
            return None
        report = self._reports.popleft()
        self.error = self._reports[0].errno_name if self._reports else None
        return report
