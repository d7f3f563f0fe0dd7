"""Files without a place on the disk: they are gone with the process, however it ends.

OpenSSL takes paths for trust anchors and for the log of TLS secrets; a memory file has one for as
long as it is open. A killed process leaves nothing behind, and secrets never reach the disk.
"""

import os
import weakref


class MemoryFile:
    """A file in memory. ``path`` opens it, within this process; ``name`` is for people."""

    def __init__(self, name: str) -> None:
        self._descriptor = os.memfd_create(name, os.MFD_CLOEXEC)
        self.path = f"/proc/self/fd/{self._descriptor}"
        self._content: bytes | None = None
        weakref.finalize(self, os.close, self._descriptor)

    def replace(self, content: bytes) -> None:
        """Make ``content`` all that is in it."""
        if content == self._content:
            return
        self._content = content
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, content, 0)

    def read(self) -> bytes:
        """All that is in it, whoever wrote it."""
        return os.pread(self._descriptor, os.fstat(self._descriptor).st_size, 0)
