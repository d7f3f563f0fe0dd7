"""Connecting: success, refusal, time-out, cancellation, races."""

import asyncio
import errno
import socket

import pytest


async def ignore(reader, writer):
    writer.close()


async def serve(network, handler=ignore, **options):
    """A server and the port that it got."""
    server = await network.at_server(
        asyncio.start_server(handler, network.server, options.pop("port", 0), **options)
    )
    return server, server.sockets[0].getsockname()[1]


async def stop(server):
    server.close()
    await server.wait_closed()


async def unused_port(network):
    server, port = await serve(network)
    await stop(server)
    return port


def test_an_open_port_accepts(network):
    async def scenario(network):
        server, port = await serve(network)
        reader, writer = await asyncio.open_connection(network.server, port)
        assert writer.get_extra_info("peername") == (network.server, port)
        assert writer.get_extra_info("sockname")[1] != 0
        assert await reader.read() == b""
        writer.close()
        await writer.wait_closed()
        await stop(server)

    network.run(scenario)


def test_a_closed_port_refuses(network):
    async def scenario(network):
        port = await unused_port(network)
        with pytest.raises(ConnectionRefusedError) as caught:
            await asyncio.open_connection(network.server, port)
        assert caught.value.errno == errno.ECONNREFUSED
        assert str(port) in str(caught.value)

    network.run(scenario)


def test_silence_times_out_with_etimedout(network):
    """A full accept queue drops the SYN; one retransmission, then the kernel gives up."""

    async def scenario(network):
        listener = await network.at_server(make_listener(network))
        address = listener.getsockname()
        crowd = []
        for _ in range(2):
            sock = socket.socket()
            sock.setblocking(False)
            sock.connect_ex(address)
            crowd.append(sock)
        await asyncio.sleep(0.1)
        late = socket.socket()
        late.setblocking(False)
        late.setsockopt(socket.IPPROTO_TCP, socket.TCP_SYNCNT, 1)
        with pytest.raises(TimeoutError) as caught:
            await asyncio.get_running_loop().sock_connect(late, address)
        assert caught.value.errno == errno.ETIMEDOUT
        for sock in (*crowd, late, listener):
            sock.close()

    network.run(scenario)


async def make_listener(network, backlog=0):
    listener = socket.socket()
    listener.setblocking(False)
    listener.bind((network.server, 0))
    listener.listen(backlog)
    return listener


def test_a_deadline_cancels_the_attempt(network):
    async def scenario(network):
        listener = await network.at_server(make_listener(network))
        address = listener.getsockname()
        crowd = []
        for _ in range(2):
            sock = socket.socket()
            sock.setblocking(False)
            sock.connect_ex(address)
            crowd.append(sock)
        await asyncio.sleep(0.1)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.open_connection(*address), 0.2)
        for sock in (*crowd, listener):
            sock.close()

    network.run(scenario)


def test_several_failures_are_reported_together(network):
    async def scenario(network):
        port = await unused_port(network)
        loop = asyncio.get_running_loop()
        with pytest.raises(ExceptionGroup) as caught:
            await loop.create_connection(asyncio.Protocol, network.server, port, all_errors=True)
        assert [type(error) for error in caught.value.exceptions] == [ConnectionRefusedError]

    import sys

    if sys.version_info < (3, 12):
        pytest.skip("all_errors came with Python 3.12")
    network.run(scenario)


def test_the_local_address_can_be_chosen(network):
    async def scenario(network):
        server, port = await serve(network)
        probe = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        probe.setblocking(False)
        probe.connect((network.server, port))
        mine = probe.getsockname()[0]
        probe.close()
        _, writer = await asyncio.open_connection(network.server, port, local_addr=(mine, 0))
        assert writer.get_extra_info("sockname")[0] == mine
        writer.close()
        await writer.wait_closed()
        await stop(server)

    network.run(scenario)


def test_a_foreign_local_address_is_refused(network):
    async def scenario(network):
        server, port = await serve(network)
        with pytest.raises(OSError, match="while attempting to bind") as caught:
            await asyncio.open_connection(network.server, port, local_addr=("192.0.2.77", 0))
        assert caught.value.errno == errno.EADDRNOTAVAIL
        await stop(server)

    network.run(scenario)


def test_an_unknown_name_is_a_gaierror(network):
    async def scenario(network):
        with pytest.raises(socket.gaierror) as caught:
            await asyncio.open_connection("no such host.invalid", 80)
        assert caught.value.errno == socket.EAI_NONAME

    network.run(scenario)


def test_a_name_is_looked_up(network):
    async def scenario(network):
        found = await asyncio.get_running_loop().getaddrinfo(
            network.server, 80, type=socket.SOCK_STREAM
        )
        assert found == [
            (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (network.server, 80))
        ]

    network.run(scenario)


def test_a_taken_port_is_in_use(network):
    async def scenario(network):
        server, port = await serve(network)
        with pytest.raises(OSError, match="address already in use") as caught:
            await serve(network, port=port)
        assert caught.value.errno == errno.EADDRINUSE
        await stop(server)

    network.run(scenario)


def test_reuse_port_shares_it(network):
    async def scenario(network):
        first, port = await serve(network, reuse_port=True)
        second, _ = await serve(network, port=port, reuse_port=True)
        await stop(first)
        await stop(second)

    network.run(scenario)


def test_happy_eyeballs_goes_on_after_a_refusal(network):
    async def scenario(network):
        server, port = await serve(network)
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_connection(
            asyncio.Protocol, network.server, port, happy_eyeballs_delay=0.05, interleave=1
        )
        transport.close()
        await stop(server)

    network.run(scenario)


def test_connecting_twice_fails(network):
    async def scenario(network):
        listener = await network.at_server(make_listener(network, 5))
        sock = socket.socket()
        sock.setblocking(False)
        assert sock.connect_ex(listener.getsockname()) == errno.EINPROGRESS
        await asyncio.sleep(0.1)
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0
        assert sock.connect_ex(listener.getsockname()) in {0, errno.EISCONN}
        assert sock.connect_ex(listener.getsockname()) == errno.EISCONN
        sock.close()
        listener.close()

    network.run(scenario)


def test_a_refusal_is_left_in_so_error_once(network):
    async def scenario(network):
        port = await unused_port(network)
        sock = socket.socket()
        sock.setblocking(False)
        assert sock.connect_ex((network.server, port)) in {
            errno.EINPROGRESS,
            errno.ECONNREFUSED,
        }
        await asyncio.sleep(0.1)
        seen = [sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) for _ in range(2)]
        assert seen in ([errno.ECONNREFUSED, 0], [0, 0])
        with pytest.raises(OSError, match="not connected"):
            sock.getpeername()
        sock.close()

    network.run(scenario)
