"""Servers start when they are first asked, and nobody can tell."""

import asyncio
import socket

import pytest

from firstbyte.lab.activation import Activation, bound, bound_pairs
from firstbyte.sim import Internet, TimeLimit


@pytest.fixture
def net():
    with Internet() as net:
        client, server = net.host("client"), net.host("server")
        net.link(client, server, rtt_s=0.02)
        yield net


def activate(net, sockets, start):
    """An Activation on the server; what is kept alive."""
    kept = []

    async def begin():
        kept.append(Activation(sockets(net.hosts["server"].address), start))

    net.run(until=net.hosts["server"].run(begin()))
    return kept


async def ask(port=80):
    loop = asyncio.get_running_loop()
    begin_s = loop.time()
    reader, writer = await asyncio.open_connection("server", port)
    answer = await reader.read()
    writer.close()
    return answer, loop.time() - begin_s


def greeter(started):
    async def greet(_, writer):
        writer.write(b"hello")
        writer.close()

    async def start(sockets):
        started.append(len(sockets))
        started.append([await asyncio.start_server(greet, sock=sock) for sock in sockets])

    return start


def test_the_first_client_waits_no_longer_than_the_second(net):
    started = []
    kept = activate(net, lambda at: [bound(at, 80, socket.SOCK_STREAM)], greeter(started))
    assert kept
    assert started == []
    assert "LISTEN" in {row.state for row in net.sockets(net.hosts["server"])}
    first, second = (net.run(until=net.hosts["client"].run(ask())) for _ in range(2))
    assert first == second == (b"hello", pytest.approx(0.04))
    assert started[0] == 1
    assert len(started) == 2


def test_a_datagram_starts_it_too_and_is_not_lost(net):
    async def start(sockets):
        udp, _ = sockets
        udp.sendto(b"heard " + udp.recvfrom(100)[0], ("10.0.0.1", 5000))

    async def talk():
        with bound("10.0.0.1", 5000, socket.SOCK_DGRAM) as sock:
            sock.sendto(b"me", ("10.0.0.2", 53))
            return await asyncio.get_running_loop().sock_recv(sock, 100)

    kept = activate(net, lambda at: bound_pairs([at], 53), start)
    assert net.run(until=net.hosts["client"].run(talk())) == b"heard me"
    assert kept


def test_a_server_that_cannot_start_is_named_to_who_waits(net):
    async def start(_):
        raise ValueError("no certificate")

    kept = activate(net, lambda at: [bound(at, 80, socket.SOCK_STREAM)], start)
    with pytest.raises(TimeLimit) as caught:
        net.run(until=net.hosts["client"].run(ask()), limit_s=5)
    assert any("no certificate" in note for note in caught.value.__notes__)
    assert kept


def test_a_taken_port_is_told_at_once(net):
    with pytest.raises(OSError, match="in use"):
        activate(net, lambda at: [bound(at, 80, socket.SOCK_STREAM) for _ in range(2)], greeter([]))
