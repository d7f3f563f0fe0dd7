"""10,000 connections at once in the private internet: open, exchange, close. Target: under 10 s.

Run: ``python bench/sim_connections.py [COUNT]``
"""

import asyncio
import sys
import time

from firstbyte.sim import Internet


async def echo(reader, writer):
    writer.write(await reader.read(100))
    writer.close()


async def one():
    reader, writer = await asyncio.open_connection("server", 80)
    writer.write(b"hello")
    answer = await reader.read()
    writer.close()
    return answer


async def all_at_once(count):
    answers = await asyncio.gather(*(one() for _ in range(count)))
    return sum(answer == b"hello" for answer in answers)


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    net = Internet(seed=1, observe=False)
    client, server = net.host("client"), net.host("server")
    net.link(client, server, rtt_s=0.050)
    server.run(asyncio.start_server(echo, "0.0.0.0", 80, backlog=4096))
    began_s, began_cpu_s = time.perf_counter(), time.process_time()
    served = net.run(until=client.run(all_at_once(count)))
    took_cpu_s, took_s = time.process_time() - began_cpu_s, time.perf_counter() - began_s
    print(
        f"{served} connections in {took_s:.2f} s ({took_cpu_s:.2f} s of CPU), "
        f"{net.time_s:.3f} virtual seconds"
    )
    net.close()


main()
