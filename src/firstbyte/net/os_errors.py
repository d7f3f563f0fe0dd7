"""The one seam at which the kernel's errors become ours."""

import errno
from typing import NamedTuple


class Cause(NamedTuple):
    """An error id with a sentence that says what the errno means for this connection."""

    id: str
    message: str
    hint: str | None = None


_CONNECT = {
    errno.ECONNREFUSED: Cause(
        "tcp.refused",
        "connection refused: the host answered RST, nothing listens on that port",
        "check that the service runs and listens on this address and port",
    ),
    errno.ECONNRESET: Cause("tcp.reset", "connection reset while it was being made"),
    errno.ETIMEDOUT: Cause(
        "tcp.timed_out",
        "no answer to any SYN until the kernel gave up",
        "a firewall that drops, a wrong address or a dead host look like this",
    ),
    errno.ENETUNREACH: Cause(
        "tcp.no_route",
        "network unreachable: this host has no route to that address",
        "check `ip route get ADDRESS`; for IPv6, whether this network has IPv6 at all",
    ),
    errno.EHOSTUNREACH: Cause(
        "tcp.no_route",
        "no route to host: a router, or the last link, says that it cannot be reached",
        "check the address, the neighbour table (`ip neigh`) and firewalls that reject",
    ),
    errno.EADDRNOTAVAIL: Cause(
        "tcp.no_route", "cannot assign the local address, or no ephemeral port is left"
    ),
    errno.EACCES: Cause("tcp.failed", "the local firewall or policy forbids this connection"),
    errno.EPERM: Cause("tcp.failed", "the local firewall forbids this connection"),
}

_STREAM = {
    errno.ECONNRESET: Cause("tcp.reset", "connection reset by peer"),
    errno.EPIPE: Cause("tcp.reset", "the peer has closed the connection"),
    errno.ETIMEDOUT: Cause("tcp.timed_out", "the peer stopped acknowledging"),
    errno.EHOSTUNREACH: Cause("tcp.no_route", "no route to host"),
    errno.ENETUNREACH: Cause("tcp.no_route", "network unreachable"),
}


def symbol(error: OSError) -> str | None:
    """The errno's name ("ECONNREFUSED"), or None when the error has none."""
    return errno.errorcode.get(error.errno) if error.errno is not None else None


def connect_cause(error: OSError) -> Cause:
    """What a failed ``connect()`` means."""
    return _look_up(_CONNECT, error)


def stream_cause(error: OSError) -> Cause:
    """What an error on an established connection means."""
    return _look_up(_STREAM, error)


def _look_up(table: dict[int, Cause], error: OSError) -> Cause:
    cause = table.get(error.errno) if error.errno is not None else None
    return cause or Cause("tcp.failed", error.strerror or str(error) or type(error).__name__)
