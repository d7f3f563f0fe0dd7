"""Unix sockets: pairs, paths, abstract names, streams and datagrams."""

import asyncio
import os
import socket
import struct
from pathlib import Path

import pytest

from contracts.outcomes import in_the_world, play

UNIX = socket.AF_UNIX


async def a_pair(made):
    near, far = made.pair()
    yield near.getsockname
    yield near.getpeername
    yield lambda: near.recv(1)
    yield lambda: near.send(b"hello")
    yield lambda: far.recv(2, socket.MSG_PEEK)
    yield lambda: far.recvfrom(2)
    yield lambda: far.recv(9)
    yield lambda: near.shutdown(socket.SHUT_WR)
    yield lambda: near.send(b"x")
    yield lambda: far.recv(1)
    yield lambda: far.send(b"back")
    yield lambda: near.recv(9)
    yield lambda: near.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    yield lambda: near.getsockopt(socket.SOL_SOCKET, socket.SO_TYPE)
    yield lambda: near.getsockopt(socket.SOL_SOCKET, socket.SO_DOMAIN)
    yield (
        lambda: (
            near.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
            == struct.pack("3i", os.getpid(), os.getuid(), os.getgid())
        )
    )


async def a_closed_end(made):
    near, far = made.pair()
    near.send(b"rest")
    near.close()
    yield lambda: far.recv(9)
    yield lambda: far.recv(9)
    yield lambda: far.send(b"x")
    yield far.getpeername


async def an_end_closed_with_data_unread(made):
    near, far = made.pair()
    near.send(b"unread")
    far.close()
    yield lambda: near.recv(1)
    yield lambda: near.recv(1)
    yield lambda: near.send(b"x")


async def reading_shut(made):
    near, far = made.pair()
    near.shutdown(socket.SHUT_RD)
    yield lambda: near.recv(1)
    yield lambda: far.send(b"x")
    yield lambda: near.send(b"x")


async def a_full_pair(made):
    near, far = made.pair()
    near.send(bytes(10_000_000))
    yield lambda: near.send(b"x")
    while far.recv(1 << 20, socket.MSG_DONTWAIT | socket.MSG_PEEK):
        far.recv(1 << 20)
        break
    yield lambda: near.send(b"x")


async def a_pair_of_datagrams(made):
    near, far = made.pair(socket.SOCK_DGRAM)
    yield lambda: near.send(b"one")
    yield lambda: near.send(b"")
    yield lambda: far.recvfrom(2)
    yield lambda: far.recvfrom(2)
    yield lambda: far.recv(1)
    yield lambda: near.send(bytes(300_000))
    far.close()
    yield lambda: near.send(b"x")
    yield lambda: near.send(b"x")
    yield lambda: near.recv(1)


async def a_fresh_socket(made):
    sock = made.new(UNIX)
    yield sock.getsockname
    yield sock.getpeername
    yield lambda: sock.recv(1)
    yield lambda: sock.send(b"x")
    yield lambda: sock.sendto(b"x", "/x")
    yield lambda: sock.listen(1)
    yield sock.accept
    yield lambda: sock.shutdown(socket.SHUT_RDWR)
    yield lambda: sock.connect_ex("/no such directory/no such file")
    yield lambda: sock.connect_ex("/")
    yield lambda: sock.connect_ex("x" * 120)


async def a_path(made):
    listener = made.new(UNIX)
    yield lambda: listener.bind("path")
    yield lambda: listener.bind("other")
    yield listener.getsockname
    yield lambda: Path("path").is_socket()
    yield lambda: made.new(UNIX).bind("path")
    client = made.new(UNIX)
    yield lambda: client.connect_ex("path")
    listener.listen(1)
    yield lambda: client.connect_ex("path")
    yield lambda: client.connect_ex("path")
    yield client.getpeername
    far, address = listener.accept()
    made.keep(far)
    yield lambda: address
    yield far.getsockname
    yield listener.accept
    yield lambda: made.new(UNIX).connect_ex("path")
    yield lambda: made.new(UNIX).connect_ex("path")
    yield lambda: made.new(UNIX).connect_ex("path")
    yield lambda: made.new(UNIX, socket.SOCK_DGRAM).connect_ex("path")
    listener.close()
    yield lambda: made.new(UNIX).connect_ex("path")
    Path("path").unlink()
    yield lambda: made.new(UNIX).connect_ex("path")


async def an_abstract_name(made):
    name = b"\0firstbyte contract"
    listener = made.new(UNIX)
    listener.bind(name)
    listener.listen(1)
    yield listener.getsockname
    yield lambda: made.new(UNIX).bind(name)
    client = made.new(UNIX)
    yield lambda: client.connect_ex(name)
    listener.close()
    yield lambda: client.recv(1)
    yield lambda: made.new(UNIX).connect_ex(name)


async def datagrams(made):
    near, far = made.new(UNIX, socket.SOCK_DGRAM), made.new(UNIX, socket.SOCK_DGRAM)
    far.bind("far")
    yield lambda: near.send(b"x")
    yield lambda: near.sendto(b"unnamed", "far")
    near.bind("near")
    yield lambda: near.sendto(b"named", "far")
    yield lambda: far.recvfrom(99)
    yield lambda: far.recvfrom(99)
    yield lambda: near.connect("far")
    yield near.getpeername
    yield lambda: near.send(b"x")
    yield lambda: near.shutdown(socket.SHUT_WR)
    yield lambda: near.send(b"x")
    yield lambda: far.sendto(b"x", "nobody")
    yield lambda: far.listen(1)


SCRIPTS = [
    a_pair,
    a_closed_end,
    an_end_closed_with_data_unread,
    reading_shut,
    a_full_pair,
    a_pair_of_datagrams,
    a_fresh_socket,
    a_path,
    an_abstract_name,
    datagrams,
]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.__name__)
def test_both_answer_alike(script, tmp_path, monkeypatch):
    found = []
    for run in (asyncio.run, in_the_world):
        directory = tmp_path / run.__name__
        directory.mkdir()
        monkeypatch.chdir(directory)
        found.append(run(play(script)))
    real, simulated = found
    assert simulated == real


def test_streams_over_a_path(network, tmp_path):
    path = str(tmp_path / "socket")

    async def shout(reader, writer):
        writer.write((await reader.read()).upper())
        writer.close()

    async def scenario(network):
        server = await asyncio.start_unix_server(shout, path)
        reader, writer = await asyncio.open_unix_connection(path)
        assert writer.get_extra_info("peername") == path
        writer.write(b"x" * 1_000_000)
        writer.write_eof()
        assert await reader.read() == b"X" * 1_000_000
        writer.close()
        await writer.wait_closed()
        server.close()
        await server.wait_closed()

    network.run(scenario)


def test_a_pair_under_streams_and_readers(network):
    async def scenario(network):
        loop = asyncio.get_running_loop()
        near, far = socket.socketpair()
        reader, writer = await asyncio.open_connection(sock=near)
        loop.call_soon(far.send, b"from the other end")
        assert await reader.read(100) == b"from the other end"
        heard = loop.create_future()
        loop.add_reader(far, lambda: heard.done() or heard.set_result(far.recv(100)))
        writer.write(b"back")
        assert await heard == b"back"
        loop.remove_reader(far)
        writer.close()
        await writer.wait_closed()
        far.close()

    network.run(scenario)


def test_datagram_endpoints_on_paths(network, tmp_path):
    path = str(tmp_path / "socket")

    class Keeper(asyncio.DatagramProtocol):
        def __init__(self):
            self.heard = asyncio.get_running_loop().create_future()

        def datagram_received(self, data, addr):
            self.heard.set_result(data)

    async def scenario(network):
        loop = asyncio.get_running_loop()
        far, keeper = await loop.create_datagram_endpoint(
            Keeper, local_addr=path, family=socket.AF_UNIX
        )
        near, _ = await loop.create_datagram_endpoint(
            asyncio.DatagramProtocol, remote_addr=path, family=socket.AF_UNIX
        )
        near.sendto(b"hello")
        assert await keeper.heard == b"hello"
        near.close()
        far.close()
        await asyncio.sleep(0)

    network.run(scenario)
