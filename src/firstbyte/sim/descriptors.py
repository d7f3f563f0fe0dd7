"""Real, idle file descriptors for simulated sockets, and the way back from number to socket.

Libraries poll the descriptors of pooled connections to see whether the peer has closed them; so
each is a real one, silent until the socket has reached its end. When the process runs out of
descriptors, numbers above any real one serve; polling those alone does not work.
"""

import os
import resource
from typing import TYPE_CHECKING
from weakref import ref

if TYPE_CHECKING:
    from firstbyte.sim.sockets import SimSocket

SPARE = 256
"""Descriptors that are left to the program for files."""

FIRST_NUMBER = 1 << 24


class Descriptors:
    """Hands out descriptors and remembers whose they are."""

    def __init__(self) -> None:
        self._owners: dict[int, ref[SimSocket]] = {}
        self._next_number = FIRST_NUMBER

    def open(self, owner: "SimSocket") -> int:
        """A new descriptor for ``owner``."""
        fd = self._open()
        self.own(fd, owner)
        return fd

    def own(self, fd: int, owner: "SimSocket") -> None:
        """``fd`` is ``owner``'s from now on."""
        self._owners[fd] = ref(owner)

    def _open(self) -> int:
        if len(self._owners) < resource.getrlimit(resource.RLIMIT_NOFILE)[0] - SPARE:
            try:
                return os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
            except OSError:
                pass
        self._next_number += 1
        return self._next_number

    def owner(self, fd: int) -> "SimSocket | None":
        """The open socket whose descriptor is ``fd``."""
        found = self._owners.get(fd)
        return None if found is None else found()

    def signal_end(self, fd: int) -> None:
        """Make ``fd`` readable for good: its stream has ended."""
        if fd < FIRST_NUMBER:
            os.eventfd_write(fd, 1)

    def close(self, fd: int) -> None:
        """Give ``fd`` back."""
        if self._owners.pop(fd, None) is not None and fd < FIRST_NUMBER:
            os.close(fd)


DESCRIPTORS = Descriptors()
