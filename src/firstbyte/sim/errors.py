"""What a program can do wrong inside the private internet."""

import errno
import os

from firstbyte.errors import FirstbyteError


class SimulationError(FirstbyteError, RuntimeError):
    """The world was asked for something that it cannot do."""


class Deadlock(SimulationError):
    """Nothing is ready and nothing is scheduled: the tasks named wait for what never comes."""


class TimeLimit(SimulationError):
    """The virtual time limit passed before the awaited future was done."""


class NoHost(SimulationError):
    """Code that runs on no host touched the network; start it with ``Host.run``."""


class BlockingCall(SimulationError):
    """A blocking call would stop the whole world; use the event loop's own calls."""


def os_error(code: int) -> OSError:
    """The exception that the kernel's error ``code`` becomes, with the C library's words."""
    return OSError(code, os.strerror(code))


def would_block() -> OSError:
    """EAGAIN: the call would have to wait."""
    return os_error(errno.EAGAIN)
