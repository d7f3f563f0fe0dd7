"""Congestion control: one file an algorithm, behind one small interface."""

from firstbyte.errors import UsageError
from firstbyte.protocols.tcp.congestion.base import Congestion
from firstbyte.protocols.tcp.congestion.cubic import Cubic
from firstbyte.protocols.tcp.congestion.newreno import NewReno

ALGORITHMS: dict[str, type[Congestion]] = {"cubic": Cubic, "newreno": NewReno}

__all__ = ["ALGORITHMS", "Congestion", "Cubic", "NewReno", "make_congestion"]


def make_congestion(name: str, initial_window: int) -> Congestion:
    """The algorithm of that name, with ``cwnd`` at ``initial_window`` segments."""
    if name not in ALGORITHMS:
        known = ", ".join(sorted(ALGORITHMS))
        raise UsageError(f"no congestion control {name!r}", hint=f"known are {known}")
    return ALGORITHMS[name](initial_window)
