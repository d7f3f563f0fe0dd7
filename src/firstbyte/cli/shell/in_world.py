"""The world that a command's options ask for, and running the command there."""

from collections.abc import Callable, Coroutine, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from firstbyte.cli.shell.running import run, run_in

if TYPE_CHECKING:
    from firstbyte.lab.world import World

T = TypeVar("T")

DEFAULT_SEED = 1


def run_client(values: Mapping[str, Any], job: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run ``job()`` where ``lab_flags`` say: on the client of a world, or on the real network.

    Raises:
        UsageError: as ``world_of``.

    """
    world = world_of(values)
    return run(job()) if world is None else run_in(world, job())


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
