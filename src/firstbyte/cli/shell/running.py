"""Runs a command's coroutine to its end."""

import asyncio
import gc
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run ``main`` on a new event loop; its first error comes out bare of its task group.

    What start-up made is frozen: a collection during a trace would look at all of it for nothing.
    """
    gc.freeze()
    gc.enable()
    try:
        return asyncio.run(main)
    except BaseExceptionGroup as group:
        raise _first(group) from group


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    fault: BaseException = group
    while isinstance(fault, BaseExceptionGroup):
        fault = fault.exceptions[0]
    return fault
