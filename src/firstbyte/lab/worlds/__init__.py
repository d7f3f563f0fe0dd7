"""The worlds that ``--lab`` knows: one module a world, found by its name."""

import pkgutil
from importlib import import_module

from firstbyte.errors import UsageError
from firstbyte.lab.lesson import Lesson
from firstbyte.lab.world import World
from firstbyte.sim.patches.collector import patient_collector


def world_names() -> list[str]:
    """The names of all worlds, the default one first."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    return sorted(names, key=lambda name: name != "default")


def world_title(name: str) -> str:
    """What a world is, in a line; it is not built for that."""
    title: str = import_module(f"{__name__}.{name}").TITLE
    return title


def world_lessons(name: str) -> tuple[Lesson, ...]:
    """What to try in a world."""
    lessons: tuple[Lesson, ...] = import_module(f"{__name__}.{name}").LESSONS
    return lessons


def build_world(name: str = "default", *, seed: int = 1) -> World:
    """The world of that name, built and not yet started; equal seeds give equal worlds.

    Raises:
        UsageError: there is no such world.

    """
    if name not in world_names():
        known = ", ".join(world_names())
        raise UsageError(f"no world is named {name!r}", f"worlds: {known}; `firstbyte lab`")
    with patient_collector():  # one look through all that was imported is 40 ms
        world: World = import_module(f"{__name__}.{name}").build(seed)
    return world
