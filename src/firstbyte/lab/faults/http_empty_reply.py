"""The server has nothing to say."""

import asyncio

from firstbyte.lab.faults.fault import Fault
from firstbyte.lab.world import World


async def _talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(4096)
    writer.close()


def _apply(world: World) -> None:
    world.change_sites(talk=_talk, versions=("http/1.1",))


FAULT = Fault("http.empty_reply", "The server closes without an answer", _apply)
