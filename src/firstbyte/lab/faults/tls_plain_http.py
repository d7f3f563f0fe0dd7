"""No TLS where it should be."""

import asyncio

from firstbyte.lab.faults.fault import Fault
from firstbyte.lab.world import World


async def _talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(4096)
    writer.write(b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n")
    await writer.drain()


def _apply(world: World) -> None:
    world.change_sites(raw_talk=_talk)


FAULT = Fault("tls.plain_http", "The HTTPS port speaks plain HTTP", _apply)
