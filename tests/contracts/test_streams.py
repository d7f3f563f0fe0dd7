"""Data over a connection: both ways, both ends, every way to stop."""

import asyncio
import errno
import socket
import struct

import pytest

BIG = bytes(range(256)) * 8192  # 2 MB


class Recorder(asyncio.Protocol):
    """Writes down every call; ``done`` is resolved by connection_lost."""

    def __init__(self):
        self.calls = []
        self.data = b""
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport):
        self.transport = transport
        self.calls.append("made")

    def data_received(self, data):
        self.data += data

    def eof_received(self):
        self.calls.append("eof")

    def pause_writing(self):
        self.calls.append("pause")

    def resume_writing(self):
        self.calls.append("resume")

    def connection_lost(self, exc):
        self.calls.append("lost")
        self.done.set_result(exc)


class Pair:
    """A connection: our protocol and the server's."""

    def __init__(self, network):
        self.network = network
        self.accepted = []

    async def __aenter__(self):
        self.server = await self.network.at_server(self._serve())
        port = self.server.sockets[0].getsockname()[1]
        loop = asyncio.get_running_loop()
        _, self.near = await loop.create_connection(Recorder, self.network.server, port)
        while not (self.accepted and self.accepted[0].calls):
            await asyncio.sleep(0.005)
        self.far = self.accepted[0]
        return self.near, self.far

    async def _serve(self):
        def factory():
            self.accepted.append(Recorder())
            return self.accepted[-1]

        loop = asyncio.get_running_loop()
        return await loop.create_server(factory, self.network.server, 0)

    async def __aexit__(self, *_):
        for end in (self.near, *self.accepted):
            end.transport.abort()
            await end.done
        self.server.close()
        await self.server.wait_closed()


async def until(condition):
    while not condition():
        await asyncio.sleep(0.005)


def over_a_pair(scenario):
    """Make a test of ``scenario(near, far)``."""

    def test(network):
        async def run(network):
            async with Pair(network) as (near, far):
                await scenario(near, far)

        network.run(run)

    test.__doc__ = scenario.__doc__
    return test


@over_a_pair
async def test_bytes_arrive_in_order(near, far):
    near.transport.write(b"one ")
    near.transport.writelines([b"two ", b"three"])
    await until(lambda: far.data == b"one two three")
    far.transport.write(b"answer")
    await until(lambda: near.data == b"answer")


@over_a_pair
async def test_big_transfers_are_whole(near, far):
    near.transport.write(BIG)
    far.transport.write(BIG[::-1])
    await until(lambda: len(far.data) == len(BIG) and len(near.data) == len(BIG))
    assert far.data == BIG
    assert near.data == BIG[::-1]


@over_a_pair
async def test_close_flushes_then_ends_cleanly(near, far):
    near.transport.write(BIG)
    near.transport.close()
    assert near.transport.is_closing()
    assert await far.done is None
    assert await near.done is None
    assert far.data == BIG
    assert far.calls == ["made", "eof", "lost"]


@over_a_pair
async def test_write_after_close_is_dropped(near, far):
    near.transport.close()
    near.transport.write(b"too late")
    assert await near.done is None
    assert await far.done is None
    assert far.data == b""


@over_a_pair
async def test_half_close_leaves_the_other_way_open(near, far):
    far.eof_received = lambda: True
    assert near.transport.can_write_eof()
    near.transport.write(b"question")
    near.transport.write_eof()
    await until(lambda: far.data == b"question")
    far.transport.write(b"a late answer")
    await until(lambda: near.data == b"a late answer")
    with pytest.raises(RuntimeError, match="Cannot call write"):
        near.transport.write(b"more")
    far.transport.close()
    assert await near.done is None
    assert near.calls[:3] == ["made", "eof", "lost"]


@over_a_pair
async def test_abort_with_unread_data_resets_the_peer(near, far):
    far.transport.pause_reading()
    near.transport.write(b"unread")
    await asyncio.sleep(0.1)
    far.transport.abort()
    error = await near.done
    assert isinstance(error, ConnectionResetError)
    assert error.errno == errno.ECONNRESET


@over_a_pair
async def test_linger_zero_resets_the_peer(near, far):
    sock = far.transport.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    far.transport.abort()
    error = await near.done
    assert isinstance(error, ConnectionResetError)


@over_a_pair
async def test_writing_to_a_closed_peer_breaks(near, far):
    """The first write draws a reset; what the writer then gets is ECONNRESET or EPIPE."""
    near.eof_received = lambda: True
    far.transport.close()
    await far.done
    await until(lambda: True)
    await asyncio.sleep(0.1)
    near.transport.write(b"into the void")
    await asyncio.sleep(0.1)
    near.transport.write(b"again")
    error = await near.done
    assert isinstance(error, ConnectionResetError | BrokenPipeError)


@over_a_pair
async def test_a_slow_reader_stops_the_writer(near, far):
    for end, name in ((near, socket.SO_SNDBUF), (far, socket.SO_RCVBUF)):
        end.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, name, 65_536)
    far.transport.pause_reading()
    for _ in range(16):
        near.transport.write(BIG[:131_072])
        await asyncio.sleep(0.01)
    assert near.calls == ["made", "pause"]
    assert near.transport.get_write_buffer_size() > 65_536
    far.transport.resume_reading()
    await until(lambda: len(far.data) == 16 * 131_072)
    await until(lambda: near.calls == ["made", "pause", "resume"])
    assert near.transport.get_write_buffer_size() == 0


@over_a_pair
async def test_pause_reading_holds_data_back(near, far):
    far.transport.pause_reading()
    assert not far.transport.is_reading()
    near.transport.write(b"wait")
    await asyncio.sleep(0.1)
    assert far.data == b""
    far.transport.resume_reading()
    await until(lambda: far.data == b"wait")


@over_a_pair
async def test_simultaneous_close(near, far):
    near.transport.close()
    far.transport.close()
    assert await near.done is None
    assert await far.done is None


@over_a_pair
async def test_extra_info_tells_the_addresses(near, far):
    assert near.transport.get_extra_info("sockname") == far.transport.get_extra_info("peername")
    assert near.transport.get_extra_info("peername") == far.transport.get_extra_info("sockname")
    sock = near.transport.get_extra_info("socket")
    assert sock.family == socket.AF_INET
    assert sock.type == socket.SOCK_STREAM
    assert sock.fileno() >= 0
    assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1
    assert len(sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 512)) >= 104
    assert near.transport.get_extra_info("nothing", 5) == 5


@over_a_pair
async def test_set_protocol_takes_over(near, far):
    class Upper(asyncio.BufferedProtocol):
        def __init__(self):
            self.buffer = bytearray(8)
            self.seen = b""

        def get_buffer(self, sizehint):
            return self.buffer

        def buffer_updated(self, count):
            self.seen += self.buffer[:count]

        def connection_lost(self, exc):
            far.connection_lost(exc)

    upper = Upper()
    far.transport.set_protocol(upper)
    near.transport.write(b"more than eight bytes")
    await until(lambda: upper.seen == b"more than eight bytes")


def test_streams_echo(network):
    async def echo(reader, writer):
        while line := await reader.readline():
            writer.write(line.upper())
            await writer.drain()
        writer.close()
        await writer.wait_closed()

    async def scenario(network):
        server = await network.at_server(asyncio.start_server(echo, network.server, 0))
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        for word in (b"one\n", b"two\n"):
            writer.write(word)
            assert await reader.readline() == word.upper()
        writer.write_eof()
        assert await reader.read() == b""
        writer.close()
        await writer.wait_closed()
        server.close()
        await server.wait_closed()

    network.run(scenario)


def test_cancelled_read_can_be_repeated(network):
    async def late(reader, writer):
        await asyncio.sleep(0.2)
        writer.write(b"late")
        writer.close()

    async def scenario(network):
        server = await network.at_server(asyncio.start_server(late, network.server, 0))
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await reader.read()
        assert await reader.read() == b"late"
        writer.close()
        await writer.wait_closed()
        server.close()
        await server.wait_closed()

    network.run(scenario)
