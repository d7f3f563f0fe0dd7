"""Traces URLs, some at once; every journey is handed on as it finishes and then let go."""

import asyncio
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext

from msgspec import Struct

from firstbyte.cli.shell.body_file import Sink
from firstbyte.cli.shell.progress import Progress, clear, shown
from firstbyte.client.options import TraceOptions
from firstbyte.journey.model import Journey

Deliver = Callable[[int, Journey], None]


class Batch(Struct, frozen=True):
    """What to trace: at most ``concurrency`` at once; ``deliver`` gets (index, journey)."""

    urls: Sequence[str]
    options: TraceOptions
    concurrency: int
    deliver: Deliver
    sink: Sink | None = None
    silent: bool = False
    """Without a line of progress."""


async def trace_all(batch: Batch) -> None:
    """Trace all URLs of the batch."""
    progress = Progress(total=len(batch.urls), subject=batch.urls[0] if batch.urls else "")
    todo = iter(enumerate(batch.urls))
    line = nullcontext() if batch.silent else shown(progress)
    async with line, asyncio.TaskGroup() as group:
        for _ in range(min(batch.concurrency, len(batch.urls))):
            group.create_task(_work(todo, batch, progress))


async def _work(todo: Iterator[tuple[int, str]], batch: Batch, progress: Progress) -> None:
    from firstbyte.client.trace import trace

    watch = progress.watch if progress.total == 1 and sys.stderr.isatty() else None
    for index, url in todo:
        progress.running += 1
        journey = await trace(url, batch.options, sink=batch.sink, watch=watch)
        progress.running -= 1
        progress.done += 1
        progress.failed += not journey.outcome.ok
        clear()
        batch.deliver(index, journey)
