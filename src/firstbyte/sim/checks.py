"""What nobody can have meant: told at the call that says it, with what would be right."""

import asyncio
import inspect
from collections.abc import Iterable
from typing import Any

from firstbyte.errors import did_you_mean

MIN_MTU = 68
"""Every IPv4 module must take a packet of so many bytes unfragmented (RFC 791 3.2)."""


def require_known(what: str, given: Iterable[str], known: Iterable[str]) -> None:
    """Raise ``TypeError`` if one of the names ``given`` is not ``known``."""
    names = sorted(known)
    for name in given:
        if name not in names:
            hint = did_you_mean(name, names, f"there are {', '.join(names)}")
            raise TypeError(f"no {what} is called {name!r}: {hint}")


def require_probability(what: str, chance: float) -> None:
    """Raise ``TypeError`` or ``ValueError`` if ``chance`` is none."""
    require_number(what, chance)
    if not 0 <= chance <= 1:
        raise ValueError(
            f"{what} is a probability, between 0 and 1, not {chance} (5 % is written 0.05)"
        )


def require_number(what: str, value: float) -> None:
    """Raise ``TypeError`` if ``value`` is no number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{what} is a number, not {value!r}")


def require_program(program: object) -> None:
    """Raise ``TypeError`` if ``program`` cannot be awaited."""
    if inspect.isawaitable(program):
        return
    name = getattr(program, "__name__", None)
    call = f": call it, host.run({name}(…))" if asyncio.iscoroutinefunction(program) else ""
    raise TypeError(f"a host runs coroutines, not {program!r}{call}")


def require_future(until: Any, loop: asyncio.AbstractEventLoop) -> None:
    """Raise ``TypeError`` if nobody can wait for ``until``, ``ValueError`` if ``loop`` cannot."""
    if asyncio.iscoroutine(until):
        until.close()
        raise TypeError("a coroutine runs on a host: net.run(until=host.run(coroutine))")
    if not asyncio.isfuture(until):
        raise TypeError(
            "net.run() goes on until a future is done (what host.run() gave), or for a number of "
            f"seconds, not until {until!r}"
        )
    if until.get_loop() is not loop:
        raise ValueError("this future is not of this world: net.run(until=…) wants one of its own")
