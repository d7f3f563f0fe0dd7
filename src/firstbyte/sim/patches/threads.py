"""``threading`` and ``queue``: threads take turns, and wait in virtual time.

What belongs to the process itself, and to no host, starts and waits as ever.
"""

import contextlib
import queue
import threading
import time
from collections.abc import Callable, Iterator
from contextvars import Context
from functools import partial
from typing import Any

from firstbyte.sim.current import HOST
from firstbyte.sim.locks import SimLock, SimRLock
from firstbyte.sim.patches.substitution import Substitution
from firstbyte.sim.standstill import BLOCKERS, running_loop, stand_still
from firstbyte.sim.workers import Worker


def substitutions() -> Iterator[Substitution]:
    """What replaces the classes' methods, and the queue that is written in C."""
    yield Substitution(threading, "Lock", SimLock)
    yield Substitution(threading, "RLock", SimRLock)
    yield Substitution(threading.Thread, "start", _start, everywhere=False)
    yield Substitution(threading.Condition, "wait", _wait, everywhere=False)
    yield Substitution(threading, "_time", _now_s, everywhere=False)
    yield Substitution(queue, "time", _now_s, everywhere=False)
    yield Substitution(queue, "SimpleQueue", _PythonSimpleQueue)


_REAL_START = threading.Thread.start
_REAL_WAIT = threading.Condition.wait
_REAL_MONOTONIC = time.monotonic
_PythonSimpleQueue: Any = queue._PySimpleQueue  # type: ignore[attr-defined]  # noqa: SLF001


def _start(thread: threading.Thread) -> None:
    """Start a thread of the running program, which takes its turns with all others."""
    loop, inside = running_loop(), vars(thread)
    if loop is None or inside["_started"].is_set():
        _REAL_START(thread)
        return
    host = HOST.get()
    worker = loop.new_worker(host)
    context = Context()
    context.run(HOST.set, host)
    run = partial(context.run, thread.run)

    def take_turns() -> None:
        del inside["run"]
        worker.enter(run)

    inside["run"] = take_turns
    # A thread whose world stands still for ever must not hold up the end of the process.
    daemon, inside["_daemonic"] = thread.daemon, True
    BLOCKERS.is_real = True
    try:
        _REAL_START(thread)
    except BaseException:
        loop.forget_worker(worker)
        raise
    finally:
        BLOCKERS.is_real = False
        inside["_daemonic"] = daemon
    inside["join"] = partial(_join, worker, thread.join)
    inside["is_alive"] = lambda: not worker.finished


def _join(worker: Worker, real_join: Callable[[], None], timeout: float | None = None) -> None:
    """Wait for the end, in virtual time; in a world that does not run it cannot come."""
    if worker is BLOCKERS.own:
        raise RuntimeError("cannot join current thread")
    if running_loop() is not None:
        stand_still("join", lambda: worker.finished, None if timeout is None else max(timeout, 0))
    if worker.finished:
        real_join()


def _wait(condition: threading.Condition, timeout: float | None = None) -> bool:
    """Events, queues and the futures of threads wait here; so a program's host stands still.

    What belongs to the process itself waits in real time.
    """
    if BLOCKERS.is_real or running_loop() is None:
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
