"""The server fails."""

from firstbyte.lab.faults.fault import Fault
from firstbyte.lab.world import World
from firstbyte.server.http.handler import Asked, Reply


async def _answer(_: Asked) -> Reply:
    return Reply(503, (("retry-after", "120"),), b"Out of order.\n")


def _apply(world: World) -> None:
    world.change_sites(answers=_answer)


FAULT = Fault("http.status", "The sites answer 503", _apply)
