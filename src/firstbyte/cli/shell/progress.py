"""A line on stderr while a person waits: only on a terminal, only after a second."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

from msgspec import Struct

from firstbyte.events import Event

FIRST_AFTER_S = 1.0
EVERY_S = 0.2


class Progress(Struct):
    """How far a set of traces is."""

    total: int
    subject: str
    done: int = 0
    failed: int = 0
    running: int = 0
    layer: str = ""
    """Of one trace: where it is."""

    def watch(self, event: Event) -> None:
        """Note the layer of what happens."""
        self.layer = event.layer

    def line(self, elapsed_s: float) -> str:
        """What to show now."""
        if self.total == 1:
            where = f" · {self.layer}" if self.layer else ""
            return f"tracing {self.subject}{where} · {elapsed_s:.0f} s"
        parts = [f"{self.done}/{self.total} traced", f"{self.running} running"]
        if self.failed:
            parts.append(f"{self.failed} failed")
        return " · ".join([*parts, f"{elapsed_s:.0f} s"])


@asynccontextmanager
async def shown(progress: Progress) -> AsyncIterator[None]:
    """Show ``progress`` while the body runs, and leave no trace of it."""
    if not sys.stderr.isatty():
        yield
        return
    task = asyncio.create_task(_show(progress))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@contextmanager
def counted(subject: str) -> Iterator[Callable[[int, int], None]]:
    """Gives a function of (done, total) for work that does not wait, and clears its line after."""
    start_s = last_s = time.monotonic()
    is_terminal = sys.stderr.isatty()

    def count(done: int, total: int) -> None:
        nonlocal last_s
        now_s = time.monotonic()
        if is_terminal and now_s - start_s >= FIRST_AFTER_S and now_s - last_s >= EVERY_S:
            last_s = now_s
            words = f"{subject} · {done:,}/{total:,} · {done / total:.0%} · {now_s - start_s:.0f} s"
            sys.stderr.write(f"\r\x1b[K{words[:78]}")
            sys.stderr.flush()

    try:
        yield count
    finally:
        clear()


def clear() -> None:
    """Take the line away, so that something else can be printed."""
    if sys.stderr.isatty():
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()


async def _show(progress: Progress) -> None:
    from firstbyte.rendering.escape import escape

    start_s = time.monotonic()
    await asyncio.sleep(FIRST_AFTER_S)
    try:
        while True:
            words = escape(progress.line(time.monotonic() - start_s))
            sys.stderr.write(f"\r\x1b[K{words[:78]}")
            sys.stderr.flush()
            await asyncio.sleep(EVERY_S)
    finally:
        clear()
