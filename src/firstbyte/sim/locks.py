"""``threading.Lock`` and ``RLock`` while a world runs.

Of a world's threads one runs at a time. Who waits for a lock must let the others go on, or the
one that holds it could never give it back. Locks that were made before the world ran are real.
"""

import _thread
import threading
from typing import Any

from firstbyte.sim.standstill import BLOCKERS, running_loop, stand_still


class SimLock:
    """A lock for which programs wait in virtual time, and all others in real time."""

    def __init__(self) -> None:
        self._inner = _thread.allocate_lock()

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        """Take the lock; False if that was impossible (in ``timeout`` seconds)."""
        inner = self._inner
        if not blocking or BLOCKERS.is_real or running_loop() is None:
            return inner.acquire(blocking, timeout)
        if timeout < 0 and timeout != -1:
            raise ValueError("timeout value must be a non-negative number")
        taken: list[bool] = []

        def take() -> bool:
            if not taken and inner.acquire(False):
                taken.append(True)
            return bool(taken)

        return stand_still("acquire", take, None if timeout < 0 else timeout)

    def release(self) -> None:
        """Give it back; ``RuntimeError`` if nobody has it."""
        self._inner.release()

    def locked(self) -> bool:
        """Whether somebody has it."""
        return self._inner.locked()

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()

    def __repr__(self) -> str:
        return f"<SimLock {'locked' if self.locked() else 'unlocked'}>"

    def _at_fork_reinit(self) -> None:
        self._inner = _thread.allocate_lock()


_PythonRLock: Any = threading._PyRLock  # type: ignore[attr-defined]  # noqa: SLF001


class SimRLock(_PythonRLock):  # type: ignore[misc]
    """The standard library's own in Python, over a ``SimLock``."""

    def __init__(self) -> None:
        super().__init__()
        self._block = SimLock()
