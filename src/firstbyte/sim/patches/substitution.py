"""Puts functions and classes of the standard library aside, and back."""

import sys
from collections.abc import Iterable
from types import ModuleType
from typing import Any

from msgspec import Struct

UNTOUCHED = ("_pytest", "pytest", "hypothesis", "threading", "queue", "concurrent", "firstbyte")
"""Packages whose own ``from time import …`` stays real: they time the process, not the world."""


class Substitution(Struct, frozen=True):
    """``owner.name`` becomes ``fake``.

    With ``everywhere``, so does the same object under the same name in every loaded module:
    what ``from time import monotonic`` left behind.
    """

    owner: Any
    name: str
    fake: Any
    everywhere: bool = True


class Substitutions:
    """A set of substitutions that is put in and taken out as one."""

    def __init__(self, wanted: Iterable[Substitution]) -> None:
        self._wanted = tuple(wanted)
        self._real: list[Any] = []

    def put_in(self) -> None:
        """Replace everything."""
        # From the dictionary: getattr would bind a class method, and put back the bound one.
        self._real = [vars(item.owner)[item.name] for item in self._wanted]
        pairs = list(zip(self._wanted, self._real, strict=True))
        for item, _ in pairs:
            setattr(item.owner, item.name, item.fake)
        _spread({item.name: (real, item.fake) for item, real in pairs if item.everywhere})

    def take_out(self) -> None:
        """Put everything back, in modules too that were imported meanwhile."""
        pairs = list(zip(self._wanted, self._real, strict=True))
        for item, real in pairs:
            setattr(item.owner, item.name, real)
        _spread({item.name: (item.fake, real) for item, real in pairs if item.everywhere})


def _spread(changes: dict[str, tuple[Any, Any]]) -> None:
    """In every module, where ``name`` is the first of its pair, make it the second."""
    for module in _modules():
        names = vars(module)
        # Most modules have none of these names: look at those that both have, not at all.
        for name in changes.keys() & names.keys():
            old, new = changes[name]
            if names[name] is old:
                names[name] = new


def _modules() -> list[ModuleType]:
    return [
        module
        for name, module in list(sys.modules.items())
        if type(module) is ModuleType and name.partition(".")[0] not in UNTOUCHED
    ]
