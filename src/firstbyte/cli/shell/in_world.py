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
        if values["seed"] is not None:
            from firstbyte.cli.shell.values import reject

            reject("--seed is for --lab", "add --lab, or leave out --seed")
        return None
    from firstbyte.lab.worlds import build_world

    return build_world(values["lab"], seed=values["seed"] or DEFAULT_SEED)
