"""One simulated year of an idle connection kept alive every two hours. Target: under a second.

Run: ``python bench/sim_idle_year.py``
"""

import asyncio
import socket
import time

from firstbyte.sim import Internet

YEAR_S = 365 * 86_400


async def wait_for_the_end(reader, writer):
    await reader.read()
    writer.close()


async def keep_alive():
    _, writer = await asyncio.open_connection("server", 80)
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    await asyncio.sleep(YEAR_S)
    writer.close()


def main():
    net = Internet(seed=1, observe=False)
    client, server = net.host("client"), net.host("server")
    net.link(client, server, rtt_s=0.050)
    server.run(asyncio.start_server(wait_for_the_end, "0.0.0.0", 80))
    began = time.perf_counter()
    net.run(until=client.run(keep_alive()))
    print(f"{net.time_s / 86_400:.1f} virtual days in {time.perf_counter() - began:.2f} s")
    net.close()


main()
