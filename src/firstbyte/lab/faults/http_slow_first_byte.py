"""The server thinks long before it answers."""

import asyncio

from firstbyte.lab.faults.fault import Fault
from firstbyte.lab.pages import Pages
from firstbyte.lab.world import World
from firstbyte.server.http.handler import Asked, Reply

THINK_S = 2.5


async def _answer(asked: Asked) -> Reply:
    await asyncio.sleep(THINK_S)
    return await Pages("A slow site")(asked)


def _apply(world: World) -> None:
    world.change_sites(answers=_answer)


FAULT = Fault("http.slow_first_byte", "The sites think for 2.5 s", _apply)
