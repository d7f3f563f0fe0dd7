"""The server drops TLS."""

import asyncio

from firstbyte.lab.faults.fault import Fault
from firstbyte.lab.world import World


async def _talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(4096)
    writer.close()


def _apply(world: World) -> None:
    world.change_sites(raw_talk=_talk)


FAULT = Fault("tls.dropped", "The connection ends after the ClientHello", _apply)
