"""Why an address cannot be listened on, in words for the one who chose it."""

import errno
import os

from firstbyte.errors import UsageError


def cannot_listen(address: tuple[str, int], error: OSError | None) -> UsageError:
    """The error to raise; ``error`` null: no port was free for both UDP and TCP."""
    host, port = address
    if error is None:
        return UsageError(f"cannot listen on {host} port {port}: no port is free")
    words = os.strerror(error.errno) if error.errno else str(error)
    return UsageError(f"cannot listen on {host} port {port}: {words}", _hint(port, error.errno))


def _hint(port: int, number: int | None) -> str | None:
    if number == errno.EADDRINUSE:
        return f"ss -lunpt 'sport = :{port}' names the program that has it"
    if number in (errno.EACCES, errno.EPERM):
        return "a port below 1024 needs privileges"
    if number == errno.EADDRNOTAVAIL:
        return "it is no address of this machine: ip address lists them"
    return None
