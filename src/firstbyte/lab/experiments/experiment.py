"""What an experiment is: a claim of the textbooks, and the measurement beside it."""

from collections.abc import Callable
from typing import Any

from msgspec import Struct
from rich.text import Text

from firstbyte.rendering.look import Look

Watch = Callable[[int, int], None]
"""Called with (done, total) as the experiment goes on."""


class Experiment(Struct, frozen=True):
    """``run(settings, seed, watch)`` gives a result, a struct; ``draw`` makes a table of it."""

    name: str
    title: str
    claim: str
    settings: type[Struct]
    """Numbers that can be changed, each with its default."""
    run: Callable[[Any, int, Watch], Struct]
    draw: Callable[[Any, Look], list[Text]]
    facts: Callable[[Any], dict[str, Any]]
    """The result as JSON has it."""


def unwatched(_done: int, _total: int) -> None:
    """Nobody looks on."""
