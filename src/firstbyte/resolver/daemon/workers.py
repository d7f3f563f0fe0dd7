"""One process, or several that share the port by SO_REUSEPORT, each with its own cache."""

import asyncio
import contextlib
import gc
import os
import signal
import traceback

from firstbyte.errors import FirstbyteError
from firstbyte.resolver.daemon.running import Configure, run, say_ready
from firstbyte.resolver.daemon.saying import say_error
from firstbyte.resolver.daemon.shared_counts import SharedCounts

GC_ALLOCATIONS = 50_000
"""A question makes few cycles but many objects: look for cycles rarely."""
_BROKEN, _UNUSABLE = 1, 2
"""How a worker ends that should not: by an error of ours, or of the configuration."""


def serve(configure: Configure) -> int:
    """Serve until told to stop; the process's exit code.

    Raises:
        UsageError: the configuration cannot be used.

    """
    config = configure()
    gc.enable()
    gc.freeze()
    gc.set_threshold(GC_ALLOCATIONS)
    if config.workers == 1:
        asyncio.run(run(configure))
        return 0
    return _parent(configure, config.workers)


def _parent(configure: Configure, count: int) -> int:
    """Fork the workers, tell when all are ready, pass signals on, and end when one ends."""
    children: list[int] = []
    counts = SharedCounts(count)

    def pass_on(number: int, _frame: object) -> None:
        for child in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, number)

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, pass_on)
    ready = True
    while ready and len(children) < count:
        ready = _fork(configure, counts, children)
    if ready:
        say_ready()
    ended, status = os.wait()
    children.remove(ended)
    pass_on(signal.SIGTERM, None)
    for _ in children:
        with contextlib.suppress(ChildProcessError):
            os.wait()
    return max(0, os.waitstatus_to_exitcode(status)) if ready else _code(status)


def _code(status: int) -> int:
    code = os.waitstatus_to_exitcode(status)
    return code if code > 0 else _BROKEN


def _fork(configure: Configure, counts: SharedCounts, children: list[int]) -> bool:
    """Start one more worker, and wait for it; whether it is ready."""
    pipe_out, pipe_in = os.pipe()
    number = len(children)
    child = os.fork()
    if child:
        children.append(child)
        os.close(pipe_in)
        with os.fdopen(pipe_out, "rb") as pipe:
            return bool(pipe.read(1))
    os._exit(_work(configure, counts, number, pipe_in))


def _work(configure: Configure, counts: SharedCounts, number: int, pipe_in: int) -> int:
    """A worker's life; its exit code."""
    for handled in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(handled, signal.SIG_DFL)

    def ready() -> None:
        os.write(pipe_in, b"+")
        os.close(pipe_in)

    try:
        asyncio.run(run(configure, ready, counts=counts.of(number)))
    except FirstbyteError as error:
        say_error("firstbyte", error)
        return _UNUSABLE
    except Exception:
        traceback.print_exc()
        return _BROKEN
    return 0
