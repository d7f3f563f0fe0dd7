"""One bulk transfer through asyncio on the private internet: packets a second, both ways counted.

Two hosts, a 1 Gbit/s link of 10 ms RTT with a queue, asyncio's streams on both ends; once with
nothing kept, and once as a user's world is by default, where every packet and event is kept.

Run: ``python bench/sim_bulk.py [MEGABYTES [TIMES]]``

The time counted is this process's CPU time (the wall time stands beside it), of the best of TIMES
runs: a machine that is shared slows some of them down. The transfer has no loss, so it says
nothing of recovery. A full link of 1 Gbit/s carries 125,000 of its packets a second, data and
ACKs: at 40,000 such a world runs at a third of the real speed.
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


def transfer(size, observe):
    """Packets, seconds of CPU time and seconds of one transfer of ``size`` bytes."""
    net = Internet(seed=1, observe=observe)
    client, server = net.host("client"), net.host("server")
    link = net.link(client, server, rtt_s=0.010, rate_bps=1e9)
    packets = [0]

    def count(*_):
        packets[0] += 1

    link.ports[0].taps.append(count)
    server.run(asyncio.start_server(lambda _, writer: pour(writer, size), "0.0.0.0", 80))
    began_s, began_cpu_s = time.perf_counter(), time.process_time()
    received = net.run(until=client.run(drink()))
    took_cpu_s, took_s = time.process_time() - began_cpu_s, time.perf_counter() - began_s
    assert received == size
    net.close()
    return packets[0], took_cpu_s, took_s


def report(size, times, observe):
    """The best of ``times`` runs, as a line."""
    runs = [transfer(size, observe) for _ in range(times)]
    packets, cpu_s, _ = min(runs, key=lambda run: run[1])
    wall_s = min(run[2] for run in runs)
    kept = "everything kept" if observe else "nothing kept"
    print(
        f"{kept + ':':17}{size >> 20} MB, {packets:,} packets in {cpu_s:.2f} s of CPU: "
        f"{packets / cpu_s:,.0f}/s; by the wall clock {wall_s:.2f} s: {packets / wall_s:,.0f}/s"
    )


def main():
    numbers = [int(text) for text in sys.argv[1:]]
    megabytes, times = (numbers + [64, 5][len(numbers) :])[:2]
    for observe in (False, True):
        report(megabytes << 20, times, observe)


main()
