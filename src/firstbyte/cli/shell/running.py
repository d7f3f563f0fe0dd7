"""Runs a command's coroutine to its end: on the real network, or in a world."""

import asyncio
import gc
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from firstbyte.lab.world import World

T = TypeVar("T")

YOUNG_OBJECTS = 50_000
"""So many new containers are some 10 MB."""


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run ``main`` on a new event loop; its first error comes out bare of its task group."""
    return _bare(lambda: asyncio.run(main))


def run_in(world: "World", main: Coroutine[Any, Any, T]) -> T:
    """Run ``main`` on the client of ``world``, which ends with it."""

    def in_world() -> T:
        with world:
            return world.run(main)

    return _bare(in_world)


def _bare(job: Callable[[], T]) -> T:
    """What start-up made is frozen: a collection during a trace would look at all of it.

    What a trace loads and keeps is collected seldom: at Python's own pace that is 40 times, 7 ms.
    """
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS)
    gc.enable()
    try:
        return job()
    except BaseExceptionGroup as group:
        raise _first(group) from group


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    fault: BaseException = group
    while isinstance(fault, BaseExceptionGroup):
        fault = fault.exceptions[0]
    return fault
