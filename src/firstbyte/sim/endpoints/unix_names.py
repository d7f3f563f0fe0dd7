"""The names that Unix sockets of one host are bound to: paths, and abstract names (unix(7)).

A path is a real socket file in the machine's file system, which hosts share as they share all
other files: programs test for it, change its mode and remove it. Who listens behind it is known
to one host alone.
"""

import errno
import os
import stat
from typing import TYPE_CHECKING

from firstbyte.sim.errors import os_error

if TYPE_CHECKING:
    from firstbyte.sim.endpoints.base import Endpoint

ABSTRACT = "\0"
Key = str | tuple[int, int]
"""An abstract name, or the file's device and number."""


class UnixNames:
    """Which endpoint is bound to which name."""

    def __init__(self) -> None:
        self._bound: dict[Key, Endpoint] = {}
        self._automatic = 0

    def bind(self, name: str, endpoint: "Endpoint") -> str:
        """Take ``name``; an empty one is replaced by a free abstract one, which is returned.

        Raises ``OSError``: EADDRINUSE, or what making the file fails with.
        """
        if not name:
            name = f"{ABSTRACT}{self._automatic:05x}"
            self._automatic += 1
        if name.startswith(ABSTRACT):
            if name in self._bound:
                raise os_error(errno.EADDRINUSE)
            self._bound[name] = endpoint
            return name
        try:
            os.mknod(name, stat.S_IFSOCK | 0o777)
        except FileExistsError:
            raise os_error(errno.EADDRINUSE) from None
        self._bound[_file(name)] = endpoint
        return name

    def find(self, name: str) -> "Endpoint":
        """Who is bound to ``name``: ENOENT without such a file, ECONNREFUSED without anybody."""
        found = self._bound.get(name if name.startswith(ABSTRACT) else _file(name))
        if found is None:
            raise os_error(errno.ECONNREFUSED)
        return found

    def release(self, endpoint: "Endpoint") -> None:
        """``endpoint`` is closed. Its file stays, as everywhere."""
        self._bound = {key: owner for key, owner in self._bound.items() if owner is not endpoint}


def _file(path: str) -> Key:
    try:
        found = os.stat(path)  # noqa: PTH116 - a Path would lose a trailing slash
    except OSError as error:
        raise os_error(error.errno or errno.ENOENT) from None
    return found.st_dev, found.st_ino
