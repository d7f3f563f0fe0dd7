"""The loop's ``sock_*`` calls and the sockets below them."""

import asyncio
import errno
import socket

import pytest


def tcp():
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    sock.setblocking(False)
    return sock


async def listen(network):
    sock = tcp()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((network.server, 0))
    sock.listen(5)
    return sock


async def connected(network):
    loop = asyncio.get_running_loop()
    listener = await network.at_server(listen(network))
    near = tcp()
    await loop.sock_connect(near, listener.getsockname())
    far, address = await network.at_server(loop.sock_accept(listener))
    assert address == near.getsockname() == far.getpeername()
    listener.close()
    return near, far


def test_sock_calls_carry_data(network):
    async def scenario(network):
        loop = asyncio.get_running_loop()
        near, far = await connected(network)
        await loop.sock_sendall(near, b"hello")
        assert await loop.sock_recv(far, 3) == b"hel"
        buffer = bytearray(10)
        assert await loop.sock_recv_into(far, buffer) == 2
        assert buffer[:2] == b"lo"
        far.close()
        assert await loop.sock_recv(near, 10) == b""
        near.close()

    network.run(scenario)


def test_sock_sendall_waits_for_room(network):
    async def scenario(network):
        loop = asyncio.get_running_loop()
        near, far = await connected(network)
        sending = asyncio.ensure_future(loop.sock_sendall(near, bytes(8_000_000)))
        count = 0
        while count < 8_000_000:
            count += len(await loop.sock_recv(far, 65_536))
        await sending
        near.close()
        far.close()

    network.run(scenario)


def test_nothing_to_read_would_block(network):
    async def scenario(network):
        near, far = await connected(network)
        with pytest.raises(BlockingIOError) as caught:
            near.recv(1)
        assert caught.value.errno == errno.EAGAIN
        near.close()
        far.close()

    network.run(scenario)


def fill(sock):
    while True:
        sock.send(bytes(1_000_000))


def test_a_full_buffer_would_block(network):
    async def scenario(network):
        near, far = await connected(network)
        with pytest.raises(BlockingIOError):
            fill(near)
        near.close()
        far.close()

    network.run(scenario)


def test_readers_and_writers_are_called(network):
    async def scenario(network):
        loop = asyncio.get_running_loop()
        near, far = await connected(network)
        readable, writable = loop.create_future(), loop.create_future()
        loop.add_reader(far, lambda: readable.done() or readable.set_result(None))
        loop.add_writer(near, lambda: writable.done() or writable.set_result(None))
        await writable
        assert not readable.done()
        near.send(b"x")
        await readable
        assert loop.remove_reader(far)
        assert not loop.remove_reader(far)
        assert loop.remove_writer(near)
        near.close()
        far.close()

    network.run(scenario)


def test_datagrams_by_sock_calls(network):
    async def udp(address):
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.setblocking(False)
        sock.bind(address)
        return sock

    async def scenario(network):
        loop = asyncio.get_running_loop()
        far = await network.at_server(udp((network.server, 0)))
        near = await udp(("0.0.0.0", 0))
        await loop.sock_sendto(near, b"ping", far.getsockname())
        data, sender = await loop.sock_recvfrom(far, 100)
        assert data == b"ping"
        await loop.sock_sendto(far, b"pong", sender)
        buffer = bytearray(10)
        assert await loop.sock_recvfrom_into(near, buffer) == (4, far.getsockname())
        near.close()
        far.close()

    network.run(scenario)


def test_errors_have_the_kernels_numbers(network):
    async def scenario(network):
        sock = tcp()
        with pytest.raises(OSError) as caught:  # noqa: PT011
            sock.getpeername()
        assert caught.value.errno == errno.ENOTCONN
        with pytest.raises(OSError) as caught:  # noqa: PT011
            sock.shutdown(socket.SHUT_WR)
        assert caught.value.errno == errno.ENOTCONN
        with pytest.raises(OSError) as caught:  # noqa: PT011
            sock.recv(1)
        assert caught.value.errno == errno.ENOTCONN
        with pytest.raises(BrokenPipeError):
            sock.send(b"x")
        with pytest.raises(OSError) as caught:  # noqa: PT011
            sock.accept()
        assert caught.value.errno == errno.EINVAL
        with pytest.raises(OSError) as caught:  # noqa: PT011
            sock.setsockopt(socket.IPPROTO_TCP, 9999, 1)
        assert caught.value.errno == errno.ENOPROTOOPT
        with pytest.raises(OSError) as caught:  # noqa: PT011
            sock.bind(("192.0.2.77", 0))
        assert caught.value.errno == errno.EADDRNOTAVAIL
        sock.bind(("0.0.0.0", 0))
        with pytest.raises(OSError) as caught:  # noqa: PT011
            sock.bind(("0.0.0.0", 0))
        assert caught.value.errno == errno.EINVAL
        assert sock.fileno() >= 0
        sock.close()
        sock.close()
        assert sock.fileno() == -1
        with pytest.raises(OSError) as caught:  # noqa: PT011
            sock.getsockname()
        assert caught.value.errno == errno.EBADF

    network.run(scenario)


def test_options_are_kept(network):
    async def scenario(network):
        near, far = await connected(network)
        for level, name, value in (
            (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
            (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 10),
            (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 5),
            (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3),
            (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
            (socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 30_000),
        ):
            near.setsockopt(level, name, value)
            assert near.getsockopt(level, name) == value
        assert near.getsockopt(socket.SOL_SOCKET, socket.SO_TYPE) == socket.SOCK_STREAM
        assert near.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0
        near.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 10_000)
        assert near.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) == 20_000
        assert near.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR) == 0
        assert far.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR) == 1
        near.close()
        far.close()

    network.run(scenario)


def test_addresses_are_checked(network):
    async def scenario(network):
        sock = tcp()
        with pytest.raises(TypeError):
            sock.connect_ex("127.0.0.1")
        with pytest.raises(OverflowError):
            sock.connect_ex((network.server, 70_000))
        with pytest.raises(TypeError):
            sock.connect_ex((network.server, "80"))
        sock.close()

    network.run(scenario)


def test_shutdown_both_ways_ends_the_connection(network):
    async def scenario(network):
        loop = asyncio.get_running_loop()
        near, far = await connected(network)
        near.shutdown(socket.SHUT_RDWR)
        assert near.recv(1) == b""
        assert await loop.sock_recv(far, 1) == b""
        with pytest.raises(BrokenPipeError):
            near.send(b"x")
        near.close()
        far.close()

    network.run(scenario)


def test_a_connection_socket_can_be_handed_to_a_transport(network):
    async def scenario(network):
        loop = asyncio.get_running_loop()
        near, far = await connected(network)
        reader, writer = await asyncio.open_connection(sock=near)
        await loop.sock_sendall(far, b"given")
        assert await reader.readexactly(5) == b"given"
        with pytest.raises(RuntimeError, match="is used by transport"):
            await loop.sock_recv(near, 1)
        writer.close()
        await writer.wait_closed()
        far.close()

    network.run(scenario)
