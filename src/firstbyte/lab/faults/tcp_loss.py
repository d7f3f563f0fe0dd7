"""The path loses packets while content flows."""

from firstbyte.lab.faults.fault import Fault
from firstbyte.lab.faults.packets import client_link, segment
from firstbyte.lab.world import World
from firstbyte.sim.rules import DROP, Transit, Verdict

EVERY = 25
"""One in so many full segments is lost."""
FULL_BYTES = 1000


def _apply(world: World) -> None:
    count = 0

    def lose(transit: Transit) -> Verdict | None:
        nonlocal count
        found = segment(transit)
        if found is None or len(found.payload) < FULL_BYTES:
            return None
        count += 1
        return DROP if count % EVERY == 0 else None

    client_link(world).rule(lose)


FAULT = Fault(
    "tcp.loss",
    "One full segment in 25 is lost",
    _apply,
    url="https://shop.example/bytes/300000",
)
