"""Says which tasks wait, where, and on which host: the text of a deadlock and of a leak."""

import asyncio
import sys
from collections.abc import Iterable, Iterator
from types import FrameType
from typing import TYPE_CHECKING

from firstbyte.sim.tasks import Task, TaskTable

if TYPE_CHECKING:
    from firstbyte.sim.hosts import Host
    from firstbyte.sim.workers import Worker

WAITERS = ("firstbyte.sim.", "threading", "queue", "concurrent.futures")


def describe_waiting(loop: asyncio.AbstractEventLoop, table: TaskTable) -> str:
    """A line for each task that is not done."""
    return describe(asyncio.all_tasks(loop), table)


def describe(tasks: Iterable[Task], table: TaskTable) -> str:
    """A line a task: its name, its host, and the line of code at which it waits."""
    lines = [f"  {_title(task, table)}: {_place(task)}" for task in tasks]
    return "\n".join(sorted(lines)) or "  (no tasks)"


def describe_threads(workers: "Iterable[Worker]") -> str:
    """A line for each thread that waits, on a line of its own."""
    frames = sys._current_frames()  # noqa: SLF001 - the only way
    lines = [
        f"\n  a thread on {worker.host.name}: {_caller(frames[worker.ident])}"
        for worker in workers
        if worker.host is not None and worker.ident in frames
    ]
    return "".join(sorted(lines))


def place_of(worker: "Worker") -> tuple[int, int] | None:
    """Where the thread is now, to the instruction; None when it has not begun."""
    frame = sys._current_frames().get(worker.ident)  # noqa: SLF001 - the only way
    return None if frame is None else (id(frame), frame.f_lasti)


def _caller(frame: FrameType) -> str:
    """The line of a program's own that waits, or else the call that it waits in."""
    frames = list(_outwards(frame))
    own = [one for one in frames if not _module(one).startswith(WAITERS)]
    library = [one for one in frames if not _module(one).startswith("firstbyte.sim.")]
    return _line([*own, *library, frame][0])


def _outwards(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back


def _module(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", ""))


def note_failed_programs(error: Exception, hosts: "Iterable[Host]") -> None:
    """Add to ``error`` which other programs have failed: one of them may be the reason."""
    for host in hosts:
        for task in host.programs:
            if not task.done() or task.cancelled():
                continue
            failure = task.exception()
            if failure is not None and failure is not error:
                error.add_note(f"{task.get_name()} had failed: {failure!r}")


def _title(task: Task, table: TaskTable) -> str:
    host = table.host_of(task)
    if host is None:
        return task.get_name()
    paused = " (paused)" if host.paused else ""
    return f"{task.get_name()} on {host.name}{paused}"


def _place(task: Task) -> str:
    stack = task.get_stack()
    if not stack:
        return repr(task.get_coro())
    return _line(stack[-1])


def _line(frame: FrameType) -> str:
    code = frame.f_code
    return f"{code.co_filename}:{frame.f_lineno} in {code.co_qualname}"
