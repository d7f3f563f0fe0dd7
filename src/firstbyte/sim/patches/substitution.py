"""Puts functions and classes of the standard library aside, and back."""

import sys
from collections.abc import Collection, Iterable, Iterator
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
    for names in _HOLDERS.of(changes.keys()):
        for name in changes.keys() & names.keys():
            old, new = changes[name]
            if names[name] is old:
                names[name] = new


class _Holders:
    """The dictionaries of the modules that have any of some names.

    A look through a thousand modules takes two milliseconds, and each run of a world needs two.
    So it is taken again only when modules came or went, or one has more or fewer names than before.
    """

    def __init__(self) -> None:
        self._known: tuple[object, ...] = ()
        self._found: list[dict[str, Any]] = []

    def of(self, wanted: Collection[str]) -> list[dict[str, Any]]:
        modules = [one for one in list(sys.modules.values()) if type(one) is ModuleType]
        known = (list(wanted), modules, [len(vars(one)) for one in modules])
        if known != self._known:
            names = set(wanted)
            self._known = known
            self._found = [content for content in _touched() if names & content.keys()]
        return self._found


_HOLDERS = _Holders()


def _touched() -> Iterator[dict[str, Any]]:
    for name, module in list(sys.modules.items()):
        if type(module) is ModuleType and name.partition(".")[0] not in UNTOUCHED:
            yield vars(module)
