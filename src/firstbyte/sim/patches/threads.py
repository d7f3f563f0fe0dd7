"""No threads: they would run in real time, and in another order every time.

``anyio.to_thread`` runs inline, as ``asyncio.to_thread`` does on the simulated loop.
"""

import sys
import threading
from collections.abc import Callable, Iterator
from contextvars import copy_context
from typing import Any

from firstbyte.sim.current import HOST
from firstbyte.sim.errors import SimulationError
from firstbyte.sim.patches.substitution import Substitution


def substitutions() -> Iterator[Substitution]:
    """What replaces anyio's worker threads, if anyio is loaded at all."""
    yield Substitution(threading.Thread, "start", _start, everywhere=False)
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


def _start(thread: threading.Thread) -> None:
    """Refused to programs of the world; what belongs to the process itself may start."""
    if HOST.get() is not None:
        raise SimulationError(
            "no threads inside the private internet: they would run in real time "
            "(asyncio.to_thread and executors of the loop run inline)"
        )
    _REAL_START(thread)


async def _run_inline(
    cls: Any,
    func: Callable[..., Any],
    args: tuple[Any, ...],
    abandon_on_cancel: bool = False,
    limiter: Any = None,
) -> Any:
    """AnyIO's ``run_sync_in_worker_thread`` without the thread: zero virtual time."""
    del abandon_on_cancel
    await cls.checkpoint()
    async with limiter or cls.current_default_thread_limiter():
        return copy_context().run(func, *args)
