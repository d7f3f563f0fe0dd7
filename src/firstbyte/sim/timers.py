"""``call_at`` handles that live on the world's agenda instead of asyncio's heap."""

import asyncio
from collections.abc import Callable
from contextvars import Context
from typing import Any

from firstbyte.sim.agenda import Agenda, Entry
from firstbyte.sim.clock import NS_PER_S


def deadline_ns(when_s: float) -> int:
    """The first nanosecond at which ``loop.time() >= when_s``.

    Code that asks "is it time yet?" when its timer fires must hear yes, or it would re-arm for
    the same instant for ever.
    """
    at_ns = round(when_s * NS_PER_S)
    return at_ns if at_ns / NS_PER_S >= when_s else at_ns + 1


class SimTimer(asyncio.TimerHandle):
    """A timer handle; cancelling it takes its appointment off the agenda."""

    __slots__ = ("_agenda", "_entry")

    def __init__(
        self,
        at_ns: int,
        callback: Callable[..., object],
        args: tuple[Any, ...],
        loop: asyncio.AbstractEventLoop,
        context: Context | None,
    ) -> None:
        super().__init__(at_ns / NS_PER_S, callback, args, loop, context)
        self._agenda: Agenda | None = None
        self._entry: Entry | None = None

    def schedule(self, agenda: Agenda, at_ns: int, fire: Callable[["SimTimer"], None]) -> None:
        """Put the timer on ``agenda``; ``fire`` is called with it when its time comes."""
        self._agenda = agenda
        self._entry = agenda.add(at_ns, lambda: fire(self))

    def cancel(self) -> None:
        """Cancel the call."""
        if self._agenda is not None and self._entry is not None:
            self._agenda.cancel(self._entry)
            self._agenda = self._entry = None
        super().cancel()
