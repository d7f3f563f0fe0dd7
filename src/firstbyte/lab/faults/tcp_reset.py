"""The server resets connections once the request comes."""

import asyncio
import socket
import struct

from firstbyte.lab.faults.fault import Fault
from firstbyte.lab.world import World

NO_LINGER = struct.pack("ii", 1, 0)
"""SO_LINGER with no time: closing sends RST."""


async def _talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(4096)
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
    writer.transport.abort()


def _apply(world: World) -> None:
    world.change_sites(talk=_talk)


FAULT = Fault("tcp.reset", "The server resets the connection when the request comes", _apply)
