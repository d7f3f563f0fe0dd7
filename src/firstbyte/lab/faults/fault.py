"""What a fault is."""

from collections.abc import Callable

from msgspec import Struct

from firstbyte.lab.world import World


class Fault(Struct, frozen=True):
    """``apply`` breaks a world that has not started; a trace of ``url`` then finds ``id``."""

    id: str
    title: str
    apply: Callable[[World], None]
    url: str | None = None
    """Where it shows best; None: the world's default site."""
