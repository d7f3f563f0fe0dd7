"""A world that its owner simply forgot ends without a word.

It would be right to say that its transports and tasks were not closed, if there were a machine
that they could still burden. There is none. No event loop may run here: the garbage collector
calls this at any moment, in the middle of anything.
"""

import asyncio
import contextlib
from collections.abc import Iterable
from typing import Any

from msgspec import Struct, field

from firstbyte.sim.hosts import Host
from firstbyte.sim.loop import SimLoop


class Asleep(Struct):
    """What a world holds between two runs of it.

    asyncio refers to these only weakly, and weak references are gone before anybody is told
    that the end has come.
    """

    transports: list[Any] = field(default_factory=list)
    tasks: list["asyncio.Task[Any]"] = field(default_factory=list)

    @classmethod
    def of(cls, loop: SimLoop) -> "Asleep":
        """What ``loop`` has now."""
        return cls(list(loop.transports()), list(asyncio.all_tasks(loop)))


def forget(hosts: Iterable[Host], asleep: Asleep) -> None:
    """Give descriptors back, and take away the reasons to warn."""
    for host in hosts:
        host.kernel.powered = False
        host.kernel.forget_sockets()
    for transport in asleep.transports:
        _silence(transport)
    for task in asleep.tasks:
        _set(task, "_log_destroy_pending", value=False)


def _silence(transport: Any) -> None:
    """Transports warn of themselves when they still have a socket, TLS ones when not closed."""
    _set(transport, "_sock", value=None)
    inner = getattr(getattr(transport, "_protocol", None), "_app_transport", None)
    if inner is not None:
        _set(inner, "_closed", value=True)


def _set(target: object, name: str, *, value: object) -> None:
    with contextlib.suppress(AttributeError):
        setattr(target, name, value)
