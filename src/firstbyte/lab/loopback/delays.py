"""Delays that are what they say: an event loop's timer fires up to a millisecond late."""

import asyncio

_SPIN_S = 0.0015


async def delay(seconds: float) -> None:
    """Sleep for ``seconds``, the last moment of it awake."""
    await delay_until(asyncio.get_running_loop().time() + seconds)


async def delay_until(due_s: float) -> None:
    """The same, until the loop's clock shows ``due_s``."""
    seconds = due_s - asyncio.get_running_loop().time()
    if seconds > _SPIN_S:
        await asyncio.sleep(seconds - _SPIN_S)
    spin_until(due_s)


def early(due_s: float) -> float:
    """When to set a timer for ``due_s``, so that ``spin_until`` has the last word."""
    return due_s - _SPIN_S


def spin_until(due_s: float) -> None:
    """Wait for the loop's clock to reach ``due_s`` without giving the processor away."""
    now_s = asyncio.get_running_loop().time
    while now_s() < due_s:
        pass
