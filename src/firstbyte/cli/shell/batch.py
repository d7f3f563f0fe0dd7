"""Traces URLs, some at once; every journey is handed on as it finishes and then let go."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module

from firstbyte.cli.shell.progress import Progress, clear, shown
from firstbyte.client.options import TraceOptions
from firstbyte.journey.model import Journey

Deliver = Callable[[int, Journey], None]


async def trace_all(
    urls: Sequence[str], options: TraceOptions, concurrency: int, deliver: Deliver
) -> None:
    """Trace ``urls`` with at most ``concurrency`` at once; ``deliver`` gets (index, journey)."""
    progress = Progress(total=len(urls), subject=urls[0] if urls else "")
    todo = iter(enumerate(urls))
    async with shown(progress), asyncio.TaskGroup() as group:
        for _ in range(min(concurrency, len(urls))):
            group.create_task(_work(todo, options, progress, deliver))


async def _work(
    todo: Iterator[tuple[int, str]], options: TraceOptions, progress: Progress, deliver: Deliver
) -> None:
    trace = import_module("firstbyte.client.trace").trace

    for index, url in todo:
        progress.running += 1
        journey = await trace(url, options)
        progress.running -= 1
        progress.done += 1
        progress.failed += not journey.outcome.ok
        clear()
        deliver(index, journey)
