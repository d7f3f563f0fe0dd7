"""No threads: they would run in real time, and in another order every time.

``anyio.to_thread`` runs inline, as ``asyncio.to_thread`` does on the simulated loop.
"""

import asyncio
import contextlib
import queue
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextvars import copy_context
from typing import Any

from firstbyte.sim.current import HOST
from firstbyte.sim.errors import SimulationError
from firstbyte.sim.patches.substitution import Substitution
from firstbyte.sim.standstill import running_loop, stand_still


def substitutions() -> Iterator[Substitution]:
    """What replaces anyio's worker threads, if anyio is loaded at all."""
    yield Substitution(threading.Thread, "start", _start, everywhere=False)
    yield Substitution(threading.Condition, "wait", _wait, everywhere=False)
    yield Substitution(threading, "_time", _now_s, everywhere=False)
    yield Substitution(queue, "time", _now_s, everywhere=False)
    if "anyio" not in sys.modules:
        return
    from anyio._backends import _asyncio as backend

    yield Substitution(
        backend.AsyncIOBackend,
        "run_sync_in_worker_thread",
        classmethod(_run_inline),
        everywhere=False,
    )


_REAL_START = threading.Thread.start
_REAL_WAIT = threading.Condition.wait
_REAL_MONOTONIC = time.monotonic


def _start(thread: threading.Thread) -> None:
    """Refused to programs of the world; what belongs to the process itself may start."""
    if HOST.get() is not None:
        raise SimulationError(
            "no threads inside the private internet: they would run in real time "
            "(asyncio.to_thread and loop.run_in_executor can be used)"
        )
    _REAL_START(thread)


def _wait(condition: threading.Condition, timeout: float | None = None) -> bool:
    """Events, queues and the futures of threads wait here; so a program's host stands still.

    What belongs to the process itself waits in real time.
    """
    if running_loop() is None:
        return _REAL_WAIT(condition, timeout)
    inside: Any = condition
    if not inside._is_owned():  # noqa: SLF001 - this is the method's own class
        raise RuntimeError("cannot wait on un-acquired lock")
    waiter = threading.Lock()
    waiter.acquire()
    inside._waiters.append(waiter)  # noqa: SLF001
    saved = inside._release_save()  # noqa: SLF001
    try:
        notified = stand_still("wait", lambda: not waiter.locked(), timeout)
    finally:
        inside._acquire_restore(saved)  # noqa: SLF001
        with contextlib.suppress(ValueError):
            inside._waiters.remove(waiter)  # noqa: SLF001
    return notified


def _now_s() -> float:
    """``time.monotonic`` of whoever asks."""
    loop = running_loop()
    return _REAL_MONOTONIC() if loop is None else loop.time()


async def _run_inline(
    cls: Any,
    func: Callable[..., Any],
    args: tuple[Any, ...],
    abandon_on_cancel: bool = False,
    limiter: Any = None,
) -> Any:
    """AnyIO's ``run_sync_in_worker_thread`` without the thread."""
    from anyio import CancelScope

    await cls.checkpoint()
    async with limiter or cls.current_default_thread_limiter():
        with CancelScope(shield=not abandon_on_cancel):
            call = copy_context().run
            return await asyncio.get_running_loop().run_in_executor(None, call, func, *args)
