"""One process, or several that share the port by SO_REUSEPORT, each with its own cache."""

import asyncio
import contextlib
import gc
import os
import signal
import sys

from firstbyte.errors import FirstbyteError
from firstbyte.resolver.daemon.daemon import READY, Configure, run

GC_ALLOCATIONS = 50_000
"""A question makes few cycles but many objects: look for cycles rarely."""


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
    pipe_out, pipe_in = os.pipe()
    children = [_fork(configure, pipe_out, pipe_in, number) for number in range(count)]
    os.close(pipe_in)

    def pass_on(number: int, _frame: object) -> None:
        for child in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, number)

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, pass_on)
    if _all_ready(pipe_out, count):
        sys.stderr.write(READY + "\n")
        sys.stderr.flush()
    _, status = os.wait()
    pass_on(signal.SIGTERM, None)
    for _ in children[1:]:
        with contextlib.suppress(ChildProcessError):
            os.wait()
    return os.waitstatus_to_exitcode(status) and 1


def _fork(configure: Configure, pipe_out: int, pipe_in: int, number: int) -> int:
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        os.close(pipe_out)
        asyncio.run(run(configure, lambda: os.write(pipe_in, b"+"), leads=number == 0))
        code = 0
    except FirstbyteError as error:
        sys.stderr.write(f"firstbyte: {error}\n")
    finally:
        os._exit(code)


def _all_ready(pipe_out: int, count: int) -> bool:
    seen = 0
    while seen < count:
        data = os.read(pipe_out, count)
        if not data:
            return False
        seen += len(data)
    return True
