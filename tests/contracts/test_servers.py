"""Servers: addresses, backlog, start and stop, handed sockets."""

import asyncio
import socket

import pytest


async def quiet(reader, writer):
    await reader.read()
    writer.close()


async def start(network, host, port=0, **options):
    return await network.at_server(asyncio.start_server(quiet, host, port, **options))


async def visit(network, port):
    _, writer = await asyncio.open_connection(network.server, port)
    writer.close()
    await writer.wait_closed()


@pytest.mark.parametrize("host", [None, "", "0.0.0.0"], ids=["none", "empty", "any"])
def test_it_listens_on_every_address(network, host):
    async def scenario(network):
        server = await start(network, host)
        ports = {sock.getsockname()[1] for sock in server.sockets if sock.family == socket.AF_INET}
        await visit(network, ports.pop())
        server.close()
        await server.wait_closed()

    network.run(scenario)


def test_it_listens_on_each_address_of_a_list(network):
    async def scenario(network):
        hosts = sorted({network.server, "127.0.0.1"})
        server = await start(network, hosts)
        assert sorted(sock.getsockname()[0] for sock in server.sockets) == hosts
        server.close()
        await server.wait_closed()

    network.run(scenario)


def test_it_may_start_later(network):
    async def scenario(network):
        server = await start(network, network.server, start_serving=False)
        assert not server.is_serving()
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(ConnectionRefusedError):
            await visit(network, port)
        await network.at_server(server.start_serving())
        assert server.is_serving()
        await visit(network, port)
        server.close()
        assert not server.is_serving()
        await server.wait_closed()

    network.run(scenario)


def test_a_closed_server_refuses_and_keeps_its_connections(network):
    async def scenario(network):
        server = await start(network, network.server)
        port = server.sockets[0].getsockname()[1]
        reader, writer = await asyncio.open_connection(network.server, port)
        await asyncio.sleep(0.1)
        server.close()
        with pytest.raises(ConnectionRefusedError):
            await visit(network, port)
        writer.write_eof()
        assert await reader.read() == b""
        writer.close()
        await writer.wait_closed()

    network.run(scenario)


def test_a_given_socket_serves(network):
    async def scenario(network):
        async def make():
            sock = socket.socket()
            sock.bind((network.server, 0))
            return await asyncio.start_server(quiet, sock=sock)

        server = await network.at_server(make())
        await visit(network, server.sockets[0].getsockname()[1])
        server.close()
        await server.wait_closed()

    network.run(scenario)


def test_serve_forever_ends_when_cancelled(network):
    async def scenario(network):
        server = await start(network, network.server)
        task = asyncio.ensure_future(network.at_server(server.serve_forever()))
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    network.run(scenario)


def test_a_hundred_clients_at_once(network):
    async def scenario(network):
        server = await start(network, network.server, backlog=128)
        port = server.sockets[0].getsockname()[1]
        await asyncio.gather(*(visit(network, port) for _ in range(100)))
        server.close()
        await server.wait_closed()

    network.run(scenario)


def test_connections_that_wait_to_be_accepted_carry_data(network):
    async def scenario(network):
        async def listen():
            sock = socket.socket()
            sock.setblocking(False)
            sock.bind((network.server, 0))
            sock.listen(5)
            return sock

        loop = asyncio.get_running_loop()
        listener = await network.at_server(listen())
        _, writer = await asyncio.open_connection(*listener.getsockname())
        writer.write(b"early")
        writer.close()
        await writer.wait_closed()
        await asyncio.sleep(0.1)
        sock, _ = await loop.sock_accept(listener)
        assert await loop.sock_recv(sock, 100) == b"early"
        assert await loop.sock_recv(sock, 100) == b""
        sock.close()
        listener.close()

    network.run(scenario)
