"""The world that a command's options ask for."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from firstbyte.lab.world import World

DEFAULT_SEED = 1


def world_of(values: Mapping[str, Any]) -> "World | None":
    """The world of ``--lab``, built; None on the real network.

    Raises:
        UsageError: there is no such world, or an option needs ``--lab``.

    """
    if values["lab"] is None:
        _refuse_without_lab(values)
        return None
    from firstbyte.lab.worlds import build_world

    world = build_world(values["lab"], seed=values["seed"] or DEFAULT_SEED)
    for name in values["faults"]:
        from firstbyte.lab.faults import find_fault

        fault = find_fault(name)
        fault.apply(world)
        world.default_url = fault.url or world.default_url
    return world


def _refuse_without_lab(values: Mapping[str, Any]) -> None:
    for name, given in (("--seed", values["seed"] is not None), ("--fault", values["faults"])):
        if given:
            from firstbyte.cli.shell.values import reject

            reject(f"{name} is for --lab", f"add --lab, or leave out {name}")
