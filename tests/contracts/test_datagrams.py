"""Datagrams: sent, received, refused, and their addresses."""

import asyncio
import errno
import socket

import pytest


class Inbox(asyncio.DatagramProtocol):
    def __init__(self):
        self.got = asyncio.Queue()
        self.errors = asyncio.Queue()
        self.lost = asyncio.get_running_loop().create_future()

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, addr):
        self.got.put_nowait((data, addr))

    def error_received(self, exc):
        self.errors.put_nowait(exc)

    def connection_lost(self, exc):
        self.lost.set_result(exc)


class Echo(Inbox):
    def datagram_received(self, data, addr):
        self.transport.sendto(data.upper(), addr)


async def endpoint(protocol, **options):
    loop = asyncio.get_running_loop()
    return (await loop.create_datagram_endpoint(protocol, **options))[1]


async def stop(*ends):
    for end in ends:
        end.transport.close()
        await end.lost


def test_a_connected_endpoint_talks_to_one_peer(network):
    async def scenario(network):
        far = await network.at_server(endpoint(Echo, local_addr=(network.server, 0)))
        address = far.transport.get_extra_info("sockname")
        near = await endpoint(Inbox, remote_addr=address)
        near.transport.sendto(b"hello")
        assert await near.got.get() == (b"HELLO", address)
        assert near.transport.get_extra_info("peername") == address
        with pytest.raises(ValueError, match="Invalid address"):
            near.transport.sendto(b"x", ("192.0.2.1", 9))
        await stop(near, far)

    network.run(scenario)


def test_an_unconnected_endpoint_talks_to_all(network):
    async def scenario(network):
        far = await network.at_server(endpoint(Echo, local_addr=("0.0.0.0", 0)))
        port = far.transport.get_extra_info("sockname")[1]
        near = await endpoint(Inbox, local_addr=("0.0.0.0", 0))
        for word in (b"a", b"b" * 1400, b""):
            near.transport.sendto(word, (network.server, port))
            if word:
                assert await near.got.get() == (word.upper(), (network.server, port))
        await stop(near, far)

    network.run(scenario)


def test_big_datagrams_are_fragmented_and_put_together(network):
    async def scenario(network):
        far = await network.at_server(endpoint(Inbox, local_addr=(network.server, 0)))
        near = await endpoint(Inbox, remote_addr=far.transport.get_extra_info("sockname"))
        near.transport.sendto(b"z" * 60_000)
        data, _ = await far.got.get()
        assert len(data) == 60_000
        await stop(near, far)

    network.run(scenario)


def test_too_big_a_datagram_is_emsgsize(network):
    async def scenario(network):
        near = await endpoint(Inbox, remote_addr=(network.server, 9))
        near.transport.sendto(b"z" * 70_000)
        error = await near.errors.get()
        assert error.errno == errno.EMSGSIZE
        await stop(near)

    network.run(scenario)


def test_a_closed_port_refuses_a_connected_endpoint(network):
    async def scenario(network):
        far = await network.at_server(endpoint(Inbox, local_addr=(network.server, 0)))
        address = far.transport.get_extra_info("sockname")
        await stop(far)
        near = await endpoint(Inbox, remote_addr=address)
        near.transport.sendto(b"anyone?")
        error = await near.errors.get()
        assert isinstance(error, ConnectionRefusedError)
        assert error.errno == errno.ECONNREFUSED
        await stop(near)

    network.run(scenario)


def test_a_taken_port_is_in_use(network):
    async def scenario(network):
        far = await endpoint(Inbox, local_addr=("0.0.0.0", 0))
        port = far.transport.get_extra_info("sockname")[1]
        with pytest.raises(OSError) as caught:  # noqa: PT011 - the number is what is asked
            await endpoint(Inbox, local_addr=("0.0.0.0", port))
        assert caught.value.errno == errno.EADDRINUSE
        await stop(far)

    network.run(scenario)


def test_a_given_socket_is_used(network):
    async def scenario(network):
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.setblocking(False)
        sock.bind(("0.0.0.0", 0))
        near = await endpoint(Inbox, sock=sock)
        assert near.transport.get_extra_info("sockname") == sock.getsockname()
        await stop(near)
        assert sock.fileno() == -1

    network.run(scenario)


def test_a_dual_stack_socket_sees_mapped_addresses(network):
    async def scenario(network):
        sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        sock.bind(("::", 0))
        sock.setblocking(False)
        far = await network.at_server(endpoint(Echo, local_addr=(network.server, 0)))
        port = far.transport.get_extra_info("sockname")[1]
        near = await endpoint(Inbox, sock=sock)
        near.transport.sendto(b"six", (f"::ffff:{network.server}", port))
        data, sender = await near.got.get()
        assert data == b"SIX"
        assert sender == (f"::ffff:{network.server}", port, 0, 0)
        await stop(near, far)

    network.run(scenario)
