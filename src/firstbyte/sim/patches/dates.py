"""``datetime.now`` and ``utcnow`` read the virtual clock (``today`` asks ``time.time`` by itself).

The class is a C type. Replacing its name by a stand-in would break extensions that remember the
class they saw first (cryptography does); so its two methods are exchanged in place.
"""

import ctypes
import datetime
import gc
from typing import Any

from firstbyte.sim.patches.clocks import VirtualTime


class VirtualDates:
    """Exchanges the methods of ``datetime.datetime`` that read the clock."""

    def __init__(self, virtual: VirtualTime) -> None:
        def now(cls: Any, tz: datetime.tzinfo | None = None) -> Any:
            return cls.fromtimestamp(virtual.wall_s(), tz)

        def utcnow(cls: Any) -> Any:
            return cls.fromtimestamp(virtual.wall_s(), datetime.UTC).replace(tzinfo=None)

        self._virtual = {"now": classmethod(now), "utcnow": classmethod(utcnow)}
        self._real: dict[str, Any] = {}

    def enter(self) -> None:
        """Read the virtual clock from now on."""
        methods = _methods()
        self._real = {name: methods[name] for name in self._virtual}
        _exchange(self._virtual)

    def leave(self) -> None:
        """Read the machine's clock again."""
        _exchange(self._real)


def _methods() -> dict[str, Any]:
    """The dictionary behind the type's read-only view of it."""
    (found,) = gc.get_referents(vars(datetime.datetime))
    methods: dict[str, Any] = found
    return methods


def _exchange(replacements: dict[str, Any]) -> None:
    _methods().update(replacements)
    # The interpreter caches the look-up of methods.
    ctypes.pythonapi.PyType_Modified(ctypes.py_object(datetime.datetime))
