"""Blocking clients in threads, under faults: nobody hangs, all ends with the world, all repeats."""

import asyncio
import os
import random
import socket
import ssl
import threading
import time

import pytest

from firstbyte.sim import Internet

FAULTS = ("none", "crash of the client", "crash of the server", "pause", "cut", "early end")


async def echo(reader, writer):
    try:
        while data := await reader.read(5000):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    writer.close()


class Clients:
    """Three threads of their own and three of an executor, each with a few exchanges."""

    def __init__(self, tls):
        self.tls = tls
        self.done = []

    def connect(self):
        plain = socket.create_connection(("server", 7), timeout=20)
        if not self.tls:
            return plain
        context = ssl.create_default_context()
        return context.wrap_socket(plain, server_hostname="server.example")

    def work(self, name, lock):
        try:
            with self.connect() as sock:
                for _ in range(2):
                    self.exchange(sock)
                    with lock:
                        time.sleep(0.01)
            self.done.append(name)
        except OSError as error:
            self.done.append((name, type(error).__name__))

    def exchange(self, sock):
        data, answer = os.urandom(20_000), b""
        sock.sendall(data)
        while len(answer) < len(data):
            part = sock.recv(65_536)
            if not part:
                raise ConnectionError("the answer ended")
            answer += part
        assert answer == data

    async def run(self):
        lock = threading.Lock()
        threads = [threading.Thread(target=self.work, args=(n, lock)) for n in range(3)]
        for thread in threads:
            thread.start()
        works = [asyncio.to_thread(self.work, n, lock) for n in range(3, 6)]
        await asyncio.gather(*works, return_exceptions=True)
        for thread in threads:
            await asyncio.to_thread(thread.join)


def live(seed, fault, trusted, server_tls):
    """One world's life: who was done, and the packets that the client saw."""
    chance = random.Random(seed)
    clients = Clients(tls=server_tls is not None)
    with Internet(seed=seed) as net:
        net.trust(trusted)
        client, server = net.host("client"), net.host("server")
        link = net.link(client, server, rtt_s=0.030, jitter_s=0.010, loss=chance.choice([0, 0.1]))
        server.run(asyncio.start_server(echo, "0.0.0.0", 7, ssl=server_tls))
        running = client.run(clients.run())
        net.run(chance.random() * 0.2)
        if fault == "crash of the client":
            client.crash()
        elif fault == "crash of the server":
            server.crash()
            net.run(1)
            server.restart()
        elif fault == "pause":
            client.pause()
            net.run(5)
            client.resume()
        elif fault == "cut":
            link.cut()
            net.run(3)
            link.mend()
        if fault not in {"early end", "crash of the client"}:
            net.run(until=running, limit_s=600)
            assert len(clients.done) == 6
        captured = net.capture(client).pcapng()
    return clients.done, captured


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("tls", [False, True])
def test_threads_under_faults(fault, tls, trusted, make_server_tls):
    before = set(threading.enumerate())
    for seed in range(2):
        lives = [live(seed, fault, trusted, make_server_tls() if tls else None) for _ in range(2)]
        assert lives[0] == lives[1]
    left = [one for one in threading.enumerate() if one not in before and not one.daemon]
    for thread in left:
        thread.join(10)
        assert not thread.is_alive()
