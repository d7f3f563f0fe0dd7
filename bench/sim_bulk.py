"""One bulk transfer through asyncio on the private internet: packets a second, both ways counted.

Run: ``python bench/sim_bulk.py [MEGABYTES]``
"""

import asyncio
import sys
import time

from firstbyte.sim import Internet


async def pour(writer, size):
    piece = bytes(1 << 20)
    for _ in range(size >> 20):
        writer.write(piece)
        await writer.drain()
    writer.close()
    await writer.wait_closed()


async def drink():
    reader, writer = await asyncio.open_connection("server", 80)
    count = 0
    while data := await reader.read(1 << 20):
        count += len(data)
    writer.close()
    return count


def main():
    size = (int(sys.argv[1]) if len(sys.argv) > 1 else 64) << 20
    net = Internet(seed=1, observe=False)
    client, server = net.host("client"), net.host("server")
    link = net.link(client, server, rtt_s=0.010, rate_bps=1e9)
    packets = [0]

    def count(*_):
        packets[0] += 1

    link.ports[0].taps.append(count)
    server.run(asyncio.start_server(lambda _, writer: pour(writer, size), "0.0.0.0", 80))
    began = time.perf_counter()
    received = net.run(until=client.run(drink()))
    took = time.perf_counter() - began
    print(f"{received >> 20} MB, {packets[0]} packets in {took:.2f} s: {packets[0] / took:,.0f}/s")
    net.close()


main()
