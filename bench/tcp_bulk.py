"""How fast is TCP between two hosts? ``python bench/tcp_bulk.py [MEGABYTES]``.

Two hosts, one ideal link of 10 ms each way, packet objects handed over: what the private internet
does, without its links and its event loop. Prints packets and bytes per second of processor time
for one transfer, and the time that 10,000 connections take to open, say hello and close.
"""

import sys
import time
from heapq import heappop, heappush

from firstbyte.protocols.ip.host import Host
from firstbyte.protocols.ip.notify import ACCEPTABLE, CONNECTED, READABLE, WRITABLE

DELAY_NS = 10_000_000
CHUNK = bytes(256 * 1024)


class Wire:
    """Runs two hosts in virtual time. ``on_news`` answers what the sockets tell."""

    def __init__(self) -> None:
        self.hosts = [Host(name, secret=name.encode() * 16) for name in "ab"]
        for number, host in enumerate(self.hosts, 1):
            host.add_interface("eth0")
            host.add_address("eth0", f"10.0.0.{number}", 24)
        self.now_ns = 0
        self.packets = 0
        self._queue: list[tuple[int, int, int, object]] = []
        self._deadlines: list[int | None] = [None, None]

    def poll(self, number: int) -> list:
        polled = self.hosts[number].poll(self.now_ns)
        for out in polled.outgoing:
            self.packets += 1
            heappush(self._queue, (self.now_ns + DELAY_NS, self.packets, 1 - number, out.packet))
        self._deadlines[number] = polled.deadline_ns
        return polled.news

    def run(self, on_news) -> None:
        while True:
            for number in (0, 1):
                while news := self.poll(number):
                    for socket, bits in news:
                        on_news(socket, bits)
            times = [d for d in self._deadlines if d is not None]
            if self._queue:
                times.append(self._queue[0][0])
            if not times:
                return
            self.now_ns = max(self.now_ns, min(times))
            while self._queue and self._queue[0][0] <= self.now_ns:
                _, _, number, packet = heappop(self._queue)
                self.hosts[number].receive("eth0", packet, self.now_ns)


def bulk(total: int) -> str:
    wire = Wire()
    listener = wire.hosts[1].tcp_listen("10.0.0.2", 80)
    client = wire.hosts[0].tcp_connect(("10.0.0.2", 80), 0)
    left, got = total, 0

    def on_news(socket, bits: int) -> None:
        nonlocal left, got
        if bits & ACCEPTABLE:
            listener.accept()
        elif socket is client and bits & (CONNECTED | WRITABLE):
            while left and (taken := client.write(CHUNK[: min(left, len(CHUNK))])):
                left -= taken
            if not left:
                client.shutdown(wire.now_ns)
        elif bits & READABLE and socket is not client:
            got += len(socket.read())
            if socket.at_eof:
                socket.close(wire.now_ns)

    begun = time.process_time()
    wire.run(on_news)
    spent = time.process_time() - begun
    assert got == total
    return (
        f"bulk: {wire.packets} packets in {spent:.2f} s of CPU: {wire.packets / spent:,.0f} "
        f"packets/s, {total / spent / 1e6:,.0f} MB/s"
    )


def many(count: int) -> str:
    wire = Wire()
    listener = wire.hosts[1].tcp_listen("10.0.0.2", 80, backlog=4096)
    hellos = 0
    clients = set()

    def on_news(socket, bits: int) -> None:
        nonlocal hellos
        if bits & ACCEPTABLE:
            while listener.accept() is not None:
                pass
        elif bits & CONNECTED and socket in clients:
            socket.write(b"hello")
            socket.close(wire.now_ns)
        elif bits & READABLE and socket not in clients:
            hellos += len(socket.read()) // 5
            if socket.at_eof:
                socket.close(wire.now_ns)

    begun = time.process_time()
    for _ in range(count):
        clients.add(wire.hosts[0].tcp_connect(("10.0.0.2", 80), 0))
    wire.run(on_news)
    spent = time.process_time() - begun
    assert hellos == count
    return f"connections: {count} opened, greeted, closed and forgotten in {spent:.2f} s of CPU"


if __name__ == "__main__":
    megabytes = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    print(bulk(megabytes * 1_000_000))
    print(many(10_000))
