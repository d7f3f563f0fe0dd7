"""Socket options: the values that a Linux socket has, and what may be set."""

import errno
import socket
import struct
from collections.abc import Callable

from firstbyte.sim.errors import os_error

Option = tuple[int, int]

SOL, TCP, IP, IP6 = socket.SOL_SOCKET, socket.IPPROTO_TCP, socket.IPPROTO_IP, socket.IPPROTO_IPV6

SO_TIMESTAMP = 29
IPV6_RECVERR, IP_RECVERR, IP_MTU_DISCOVER, IPV6_MTU_DISCOVER, IP_PKTINFO = 25, 11, 10, 23, 8
IP_BIND_ADDRESS_NO_PORT = 24
IP_MTU, IPV6_MTU = 14, 24
TCP_FASTOPEN_CONNECT, TCP_ULP = 30, 31

LINGER = struct.Struct("ii")

DEFAULT_SEND_BYTES = 2_626_560
DEFAULT_RECEIVE_BYTES = 6_291_456 // 2
"""Linux tunes its buffers up to tcp_wmem's and tcp_rmem's maxima; ours begin near there, so that
the window and not the buffer limits a transfer."""

UDP_BUFFER_BYTES = 212_992

DEFAULTS: dict[Option, int] = {
    (SOL, socket.SO_REUSEADDR): 0,
    (SOL, socket.SO_REUSEPORT): 0,
    (SOL, socket.SO_KEEPALIVE): 0,
    (SOL, socket.SO_BROADCAST): 0,
    (SOL, socket.SO_OOBINLINE): 0,
    (SOL, socket.SO_PRIORITY): 0,
    (SOL, socket.SO_MARK): 0,
    (SOL, socket.SO_RCVLOWAT): 1,
    (SOL, socket.SO_INCOMING_CPU): 0,
    (SOL, socket.SO_DONTROUTE): 0,
    (SOL, socket.SO_SNDLOWAT): 1,
    (SOL, SO_TIMESTAMP): 0,
    (TCP, socket.TCP_NODELAY): 0,
    (TCP, socket.TCP_CORK): 0,
    (TCP, socket.TCP_QUICKACK): 1,
    (TCP, socket.TCP_KEEPIDLE): 7200,
    (TCP, socket.TCP_KEEPINTVL): 75,
    (TCP, socket.TCP_KEEPCNT): 9,
    (TCP, socket.TCP_USER_TIMEOUT): 0,
    (TCP, socket.TCP_SYNCNT): 6,
    (TCP, socket.TCP_LINGER2): 60,
    (TCP, socket.TCP_DEFER_ACCEPT): 0,
    (TCP, socket.TCP_NOTSENT_LOWAT): 0,
    (TCP, socket.TCP_MAXSEG): 536,
    (TCP, socket.TCP_FASTOPEN): 0,
    (TCP, socket.TCP_WINDOW_CLAMP): 0,
    (IP, socket.IP_TOS): 0,
    (IP, socket.IP_TTL): 64,
    (IP, IP_RECVERR): 0,
    (IP, IP_MTU_DISCOVER): 1,
    (IP, IP_PKTINFO): 0,
    (IP, socket.IP_RECVTOS): 0,
    (IP, socket.IP_HDRINCL): 0,
    (IP, socket.IP_OPTIONS): 0,
    (IP, socket.IP_TRANSPARENT): 0,
    (IP, IP_BIND_ADDRESS_NO_PORT): 0,
    (IP, socket.IP_MULTICAST_TTL): 1,
    (IP, socket.IP_MULTICAST_LOOP): 1,
    (IP6, socket.IPV6_V6ONLY): 0,
    (IP6, socket.IPV6_UNICAST_HOPS): 64,
    (IP6, socket.IPV6_TCLASS): 0,
    (IP6, socket.IPV6_MULTICAST_HOPS): 1,
    (IP6, socket.IPV6_MULTICAST_LOOP): 1,
    (IP6, IPV6_RECVERR): 0,
    (IP6, IPV6_MTU_DISCOVER): 1,
    (IP6, socket.IPV6_RECVPKTINFO): 0,
}

SWITCHES = frozenset(
    {
        (SOL, socket.SO_REUSEADDR),
        (SOL, socket.SO_REUSEPORT),
        (SOL, socket.SO_KEEPALIVE),
        (SOL, socket.SO_BROADCAST),
        (SOL, socket.SO_OOBINLINE),
        (TCP, socket.TCP_NODELAY),
        (TCP, socket.TCP_CORK),
        (IP6, socket.IPV6_V6ONLY),
    }
)
"""Any value but zero is one."""

RANGES: dict[Option, tuple[int, int]] = {
    (TCP, socket.TCP_KEEPIDLE): (1, 32_767),
    (TCP, socket.TCP_KEEPINTVL): (1, 32_767),
    (TCP, socket.TCP_KEEPCNT): (1, 127),
    (TCP, socket.TCP_SYNCNT): (1, 127),
    (TCP, socket.TCP_MAXSEG): (88, 32_767),
    (TCP, socket.TCP_USER_TIMEOUT): (0, 0x7FFF_FFFF),
    (IP, socket.IP_TTL): (1, 255),
}
"""EINVAL outside of these (tcp(7), ip(7), Linux's net/tcp.h)."""

TIMEOUTS = frozenset({(SOL, socket.SO_RCVTIMEO), (SOL, socket.SO_SNDTIMEO)})
"""``struct timeval``. Python sets its own timeouts, and does not use these; so neither do we."""

TIMEVAL = struct.Struct("ll")


class SocketOptions:
    """One socket's options. ``changed`` is called with each that is set."""

    def __init__(self, *, stream: bool, ipv6: bool = True, unix: bool = False) -> None:
        send, receive = (
            (DEFAULT_SEND_BYTES, DEFAULT_RECEIVE_BYTES)
            if stream and not unix
            else (UDP_BUFFER_BYTES, UDP_BUFFER_BYTES)
        )
        self._values = {(SOL, socket.SO_SNDBUF): send, (SOL, socket.SO_RCVBUF): receive}
        self._stream = stream
        self._ipv6 = ipv6
        self._unix = unix
        self._timeouts: dict[Option, bytes] = {}
        self.linger: int | None = None
        """SO_LINGER's seconds, or None while it is off."""
        self.congestion = b"cubic"
        self.device = ""
        """SO_BINDTODEVICE: the only interface to use, or none in particular."""
        self.changed: Callable[[int, int], None] = lambda _level, _name: None

    def inherit(self, parent: "SocketOptions") -> None:
        """An accepted socket takes its listener's options."""
        self._values.update(parent._values)  # noqa: SLF001 - the same class
        self.linger = parent.linger
        self.congestion = parent.congestion

    def get(self, level: int, name: int) -> int:
        """An integer option; ENOPROTOOPT for what Linux has not."""
        self._require_level(level)
        found = self._values.get((level, name), DEFAULTS.get((level, name)))
        if level == IP6 and not self._ipv6:
            raise os_error(errno.EOPNOTSUPP)
        if found is None or (level == TCP and not self._stream):
            raise os_error(errno.ENOPROTOOPT)
        return found

    def _require_level(self, level: int) -> None:
        if self._unix and level != SOL:
            raise os_error(errno.EOPNOTSUPP)

    def flag(self, level: int, name: int) -> bool:
        """An option that is on or off."""
        return bool(self.get(level, name))

    def set(self, level: int, name: int, value: int | bytes) -> None:
        """Set an option from an integer or from packed bytes."""
        self._require_level(level)
        if level == SOL and name == socket.SO_LINGER:
            self._set_linger(value)
        elif (level, name) == (SOL, socket.SO_BINDTODEVICE) and isinstance(value, bytes):
            self.device = value.rstrip(b"\0").decode("ascii", "replace")
        elif (level, name) in TIMEOUTS:
            self._set_timeout((level, name), value)
        elif (level, name) == (TCP, socket.TCP_CONGESTION) and isinstance(value, bytes):
            self._set_congestion(value)
        else:
            self._set_number(level, name, _number(level, value))
        self.changed(level, name)

    def _set_linger(self, value: int | bytes) -> None:
        if isinstance(value, int) or len(value) < LINGER.size:
            raise os_error(errno.EINVAL)
        on, seconds = LINGER.unpack_from(value)
        self.linger = seconds if on else None

    def _set_timeout(self, option: Option, value: int | bytes) -> None:
        if isinstance(value, int) or len(value) < TIMEVAL.size:
            raise os_error(errno.EINVAL)
        self._timeouts[option] = value[: TIMEVAL.size]

    def packed(self, level: int, name: int) -> bytes | None:
        """An option that is a structure, or text; None for those that are numbers."""
        if (level, name) == (SOL, socket.SO_LINGER):
            return LINGER.pack(int(self.linger is not None), self.linger or 0)
        if (level, name) in TIMEOUTS:
            return self._timeouts.get((level, name), bytes(TIMEVAL.size))
        if (level, name) == (TCP, socket.TCP_CONGESTION):
            return self.congestion.ljust(16, b"\0")
        if (level, name) == (SOL, socket.SO_BINDTODEVICE):
            return self.device.encode()
        return None

    def _set_congestion(self, value: bytes) -> None:
        name = value.rstrip(b"\0")
        if name not in {b"cubic", b"reno"}:
            raise os_error(errno.ENOENT)
        self.congestion = name

    def _set_number(self, level: int, name: int, value: int) -> None:
        if (level == IP6 and not self._ipv6) or (level == TCP and not self._stream):
            raise os_error(errno.ENOPROTOOPT)
        if (level, name) not in DEFAULTS:
            self._require_known(level, name)
        if (level, name, value) == (IP, socket.IP_TTL, -1):
            value = DEFAULTS[IP, socket.IP_TTL]  # "as the system has it" (ip(7))
        lowest, highest = RANGES.get((level, name), (value, value))
        if not lowest <= value <= highest:
            raise os_error(errno.EINVAL)
        if (level, name) in SWITCHES:
            value = int(bool(value))
        if (level, name) == (TCP, socket.TCP_LINGER2):
            value = max(value, -1)
        if level == SOL and name in {socket.SO_SNDBUF, socket.SO_RCVBUF}:
            # Linux doubles what is asked for, to have room for its bookkeeping.
            value = max(2 * value, 4608 if name == socket.SO_SNDBUF else 2304)
        self._values[level, name] = value

    def _require_known(self, level: int, name: int) -> None:
        if (level, name) not in self._values:
            raise os_error(errno.ENOPROTOOPT)


def _number(level: int, value: int | bytes) -> int:
    if isinstance(value, int):
        return int(value)
    if level == IP and 0 < len(value) < 4:
        return value[0]  # a char will do, as in the oldest of programs
    if len(value) < 4:
        raise os_error(errno.EINVAL)
    return int.from_bytes(value[:4], "little", signed=True)
