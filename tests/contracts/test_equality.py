"""Calls whose results, or errors with their numbers, must be the same on both networks."""

import asyncio
import socket
import struct

import pytest

from contracts.outcomes import in_the_world, outcome

PAUSE_S = 0.02
RST = struct.pack("ii", 1, 0)


class Sockets:
    """A listener, connections to it, and all that must be closed."""

    def __init__(self):
        self.made = []
        self.listener = self.new()
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(5)

    def new(self, kind=socket.SOCK_STREAM):
        sock = socket.socket(socket.AF_INET, kind)
        sock.setblocking(False)
        self.made.append(sock)
        return sock

    async def pair(self):
        loop = asyncio.get_running_loop()
        near = self.new()
        await loop.sock_connect(near, self.listener.getsockname())
        far, _ = await loop.sock_accept(self.listener)
        self.made.append(far)
        await asyncio.sleep(PAUSE_S)
        return near, far

    def close(self):
        for sock in self.made:
            sock.close()


async def reset(far):
    far.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RST)
    far.close()
    await asyncio.sleep(PAUSE_S)


async def after_a_reset(sockets):
    near, far = await sockets.pair()
    await reset(far)
    yield lambda: near.recv(1)
    yield lambda: near.recv(1)
    yield lambda: near.send(b"x")
    yield near.getpeername
    yield lambda: near.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)


async def sending_after_a_reset(sockets):
    near, far = await sockets.pair()
    await reset(far)
    yield lambda: near.send(b"x")
    yield lambda: near.send(b"x")
    yield lambda: near.recv(1)
    yield lambda: near.shutdown(socket.SHUT_WR)


async def data_before_a_reset(sockets):
    near, far = await sockets.pair()
    far.send(b"abc")
    await asyncio.sleep(PAUSE_S)
    await reset(far)
    yield lambda: near.recv(10)
    yield lambda: near.recv(1)
    yield lambda: near.recv(1)


async def after_the_peers_end(sockets):
    near, far = await sockets.pair()
    far.close()
    await asyncio.sleep(PAUSE_S)
    yield lambda: near.recv(10)
    yield lambda: near.send(b"x")
    await asyncio.sleep(PAUSE_S)
    yield lambda: near.send(b"x")
    yield lambda: near.recv(1)
    yield lambda: near.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)


async def after_our_end(sockets):
    near, far = await sockets.pair()
    near.shutdown(socket.SHUT_WR)
    yield lambda: near.send(b"x")
    yield lambda: near.shutdown(socket.SHUT_WR)
    yield lambda: near.getpeername() == sockets.listener.getsockname()
    yield lambda: far.send(b"y")
    await asyncio.sleep(PAUSE_S)
    yield lambda: near.recv(4)


async def after_shutting_reading(sockets):
    near, far = await sockets.pair()
    near.shutdown(socket.SHUT_RD)
    yield lambda: near.recv(4)
    far.send(b"zz")
    await asyncio.sleep(PAUSE_S)
    yield lambda: near.recv(4)
    yield lambda: near.recv(4)


async def a_fresh_socket(sockets):
    sock = sockets.new()
    yield lambda: sock.recv(1)
    yield lambda: sock.listen(1)
    yield lambda: sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
    yield lambda: sock.connect_ex(("127.0.0.1", 1))
    yield sock.accept


async def a_refused_socket(sockets):
    sock = sockets.new()
    yield lambda: sock.connect_ex(("127.0.0.1", 1))
    await asyncio.sleep(PAUSE_S)
    yield lambda: sock.recv(1)
    yield lambda: sock.send(b"x")
    yield lambda: sock.connect_ex(sockets.listener.getsockname())
    yield lambda: sock.connect_ex(sockets.listener.getsockname())
    await asyncio.sleep(PAUSE_S)
    yield lambda: sock.send(b"x")


async def a_connected_socket(sockets):
    near, far = await sockets.pair()
    far.send(b"hello")
    await asyncio.sleep(PAUSE_S)
    yield lambda: near.recv(2, socket.MSG_PEEK)
    yield lambda: near.recv(9)
    yield lambda: near.sendto(b"x", ("127.0.0.1", 9))
    yield lambda: near.sendmsg([b"a", b"b"])
    yield lambda: near.bind(("127.0.0.1", 0))
    yield lambda: near.listen(1)
    yield lambda: near.connect_ex(sockets.listener.getsockname())


async def datagrams(sockets):
    sock = sockets.new(socket.SOCK_DGRAM)
    yield lambda: sock.recv(1)
    yield lambda: sock.send(b"x")
    yield lambda: sock.shutdown(socket.SHUT_WR)
    yield sock.getpeername
    yield lambda: sock.sendto(b"", ("127.0.0.1", 0))
    yield lambda: sock.listen(1)
    yield sock.accept
    yield lambda: sock.sendto(b"x", ("255.255.255.255", 9))


async def options(sockets):
    sock = sockets.new()
    tcp, sol = socket.IPPROTO_TCP, socket.SOL_SOCKET
    for level, name in (
        (tcp, socket.TCP_MAXSEG),
        (tcp, socket.TCP_KEEPIDLE),
        (tcp, socket.TCP_SYNCNT),
        (sol, socket.SO_REUSEADDR),
        (sol, socket.SO_TYPE),
        (sol, socket.SO_PROTOCOL),
        (sol, socket.SO_DOMAIN),
        (socket.IPPROTO_IPV6, socket.IPV6_V6ONLY),
        (tcp, 250),
    ):
        yield lambda level=level, name=name: sock.getsockopt(level, name)
    yield lambda: sock.getsockopt(sol, socket.SO_LINGER, 8)
    yield lambda: sock.setsockopt(sol, socket.SO_KEEPALIVE, b"1")
    yield lambda: sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    yield lambda: sock.setsockopt(sol, socket.SO_ERROR, 1)


SCRIPTS = [
    after_a_reset,
    sending_after_a_reset,
    data_before_a_reset,
    after_the_peers_end,
    after_our_end,
    after_shutting_reading,
    a_fresh_socket,
    a_refused_socket,
    a_connected_socket,
    datagrams,
    options,
]


async def play(script):
    sockets = Sockets()
    try:
        return [outcome(call) async for call in script(sockets)]
    finally:
        sockets.close()


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.__name__)
def test_both_networks_answer_alike(script):
    assert in_the_world(play(script)) == asyncio.run(play(script))
