"""What a fuzz target is."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Target:
    """A decoder under test: anything may come in, only ``allowed`` exceptions may come out.

    ``run`` may also check what the decoder promises, with ``assert``.
    """

    name: str
    seeds: tuple[bytes, ...]
    run: Callable[[bytes], object]
    allowed: tuple[type[Exception], ...] = ()


def texts(*seeds: str) -> tuple[bytes, ...]:
    """Seeds of a target that reads text."""
    return tuple(seed.encode() for seed in seeds)


def text(data: bytes) -> str:
    """The text that a target reads: any octet has a place in it."""
    return data.decode("utf-8", errors="surrogateescape" if data[:1] == b"\xff" else "replace")
