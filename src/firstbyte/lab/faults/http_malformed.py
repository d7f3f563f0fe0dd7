"""The server does not speak HTTP."""

import asyncio

from firstbyte.lab.faults.fault import Fault
from firstbyte.lab.world import World


async def _talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(4096)
    writer.write(b"HTTP/1.1 200 OK\r\nbad header line\r\n\r\n")
    await writer.drain()
    writer.close()


def _apply(world: World) -> None:
    world.change_sites(talk=_talk, versions=("http/1.1",))


FAULT = Fault("http.malformed", "The answer is no HTTP", _apply)
