"""Faults of a world: one module a fault, the twin of the finding with the same id."""

import pkgutil
from functools import cache
from importlib import import_module

from firstbyte.errors import UsageError
from firstbyte.lab.faults.fault import Fault

_PLUMBING = {"fault", "packets"}


@cache
def all_faults() -> dict[str, Fault]:
    """Every fault by its id."""
    names = [module.name for module in pkgutil.iter_modules(__path__)]
    found = [import_module(f"{__name__}.{name}").FAULT for name in names if name not in _PLUMBING]
    return {fault.id: fault for fault in sorted(found, key=lambda fault: fault.id)}


def find_fault(id: str) -> Fault:  # noqa: A002
    """The fault with this id.

    Raises:
        UsageError: there is none.

    """
    fault = all_faults().get(id)
    if fault is None:
        raise UsageError(f"no fault is named {id!r}", "`firstbyte lab break` lists the faults")
    return fault
