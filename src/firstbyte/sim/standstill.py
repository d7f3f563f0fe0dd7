"""A blocking call that is under way: what it waits for, until when, and who stands still for it."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from contextvars import Context, ContextVar, copy_context
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from firstbyte.sim.agenda import Agenda, Entry
from firstbyte.sim.clock import Clock, to_ns
from firstbyte.sim.current import HOST
from firstbyte.sim.errors import BlockingCall

if TYPE_CHECKING:
    from firstbyte.sim.hosts import Host
    from firstbyte.sim.loop import SimLoop
    from firstbyte.sim.workers import Worker

T = TypeVar("T")

KERNEL_WORK: ContextVar[bool] = ContextVar("firstbyte_kernel_work", default=False)
"""Set in tasks that do a blocking call's own work: they must go on while its host stands still."""


class Standstill:
    """``host`` stands still until ``is_ready``, or the limit; None: nobody but the caller does."""

    def __init__(self, host: "Host | None", is_ready: Callable[[], bool], clock: Clock) -> None:
        self._host = host
        self._is_ready = is_ready
        self._clock = clock
        self._end_ns: int | None = None

    def limit(self, agenda: Agenda, timeout_s: float) -> Entry:
        """End it ``timeout_s`` from now; the appointment makes the clock stop there."""
        self._end_ns = self._clock.now_ns + to_ns(timeout_s)
        return agenda.add(self._end_ns, lambda: None)

    def is_over(self) -> bool:
        """Whether the call can return."""
        out_of_time = self._end_ns is not None and self._clock.now_ns >= self._end_ns
        return out_of_time or self._is_ready()

    def holds(self, host: "Host | None", context: Context) -> bool:
        """Whether a callback of ``host`` in ``context`` must wait for the end."""
        return self._host is not None and host is self._host and not context.get(KERNEL_WORK)


class Blocker(Protocol):
    """Who can block: the loop for its own callbacks, a worker for its thread."""

    def block(self, is_ready: Callable[[], bool], timeout_s: float | None = None) -> bool:
        """Wait until ``is_ready``; False when ``timeout_s`` came first."""
        ...


class Blockers(threading.local):
    """The worker whose thread this is."""

    own: "Worker | None" = None
    is_real = False
    """Whether this thread waits for another to have begun, which takes no virtual time."""


BLOCKERS = Blockers()


def running_loop() -> "SimLoop | None":
    """The world's loop, if the running code belongs to a program of a host in it."""
    if HOST.get() is None:
        return None
    if BLOCKERS.own is not None:
        return BLOCKERS.own.loop
    loop: Any = asyncio._get_running_loop()  # noqa: SLF001 - the public way raises, and is slow
    return loop if hasattr(loop, "block") else None


def stand_still(call: str, is_ready: Callable[[], bool], timeout_s: float | None = None) -> bool:
    """Block the running program until ``is_ready``; False when ``timeout_s`` came first.

    Raises ``BlockingCall`` outside of any program, and ``Deadlock`` when it would be for ever.
    """
    if is_ready():
        return True
    blocker: Blocker | None = BLOCKERS.own or running_loop()
    if blocker is None:
        raise BlockingCall(f"{call}() would block, and only programs of a host can: host.run(...)")
    return blocker.block(is_ready, timeout_s)


def let_others_go_on(call: str) -> None:
    """Take a turn, which no time passes in: for who asks again and again without waiting."""
    loop = running_loop()
    if loop is None:
        return
    passed: list[bool] = []
    context = copy_context()
    context.run(KERNEL_WORK.set, True)
    loop.call_soon_threadsafe(passed.append, True, context=context)
    stand_still(call, lambda: bool(passed))


def finish(call: str, work: Coroutine[Any, Any, T]) -> T:
    """Block the running program until ``work`` is done, whose result or exception this is."""
    loop = running_loop()
    tasks: list[asyncio.Task[T]] = []
    context = copy_context()
    context.run(KERNEL_WORK.set, True)
    try:
        if loop is not None:
            loop.call_soon_threadsafe(
                lambda: tasks.append(loop.create_task(work, name=call)), context=context
            )
        stand_still(call, lambda: bool(tasks) and tasks[0].done())
    except BaseException:
        if tasks:
            tasks[0].cancel()
        else:
            work.close()
        raise
    return tasks[0].result()
