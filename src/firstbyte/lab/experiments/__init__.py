"""Textbook claims as measured experiments: one package an experiment, found by its name."""

import pkgutil
from functools import cache
from importlib import import_module

from firstbyte.errors import UsageError
from firstbyte.lab.experiments.experiment import Experiment


@cache
def all_experiments() -> dict[str, Experiment]:
    """Every experiment by its name."""
    packages = [module.name for module in pkgutil.iter_modules(__path__) if module.ispkg]
    found = [import_module(f"{__name__}.{name}").EXPERIMENT for name in sorted(packages)]
    return {experiment.name: experiment for experiment in found}


def find_experiment(name: str) -> Experiment:
    """The experiment of that name.

    Raises:
        UsageError: there is none.

    """
    found = all_experiments().get(name)
    if found is None:
        known = ", ".join(all_experiments())
        raise UsageError(f"no experiment is named {name!r}", f"experiments: {known}")
    return found
