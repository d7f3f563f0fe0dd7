"""Which tasks belong to which host, so that a host can crash, pause, and be asked what it runs."""

import asyncio
from contextvars import Context
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from firstbyte.sim.current import HOST

if TYPE_CHECKING:
    from firstbyte.sim.hosts import Host

Task = asyncio.Task[Any]


class TaskTable:
    """The tasks of one world by host, for as long as they live."""

    def __init__(self) -> None:
        self._hosts: WeakKeyDictionary[Task, Host] = WeakKeyDictionary()

    def add(self, task: Task, context: Context | None) -> None:
        """Note the host of ``task``: that of the context in which it runs."""
        host = HOST.get() if context is None else context.get(HOST)
        if host is not None:
            self._hosts[task] = host

    def host_of(self, task: Task) -> "Host | None":
        """The host that ``task`` runs on."""
        return self._hosts.get(task)

    def of(self, host: "Host") -> list[Task]:
        """The tasks of ``host`` that are not done, oldest first."""
        return [task for task, owner in self._hosts.items() if owner is host and not task.done()]
