import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from firstbyte.errors import ConnectError
from firstbyte.events import Recorder, Scope
from firstbyte.net import system
from firstbyte.net.tcp import TcpStream, connect_tcp, open_socket

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def scope() -> Scope:
    return Recorder(system.current().now_ns, "kernel").scope().on_connection("tcp")


def types(stream: TcpStream) -> list[str]:
    return [event.type for event in stream.scope.recorder.events]


@asynccontextmanager
async def served(handler: Handler, host: str = "127.0.0.1") -> AsyncIterator[tuple[str, int]]:
    tasks: list[asyncio.Task[None]] = []

    async def tracked(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.append(task)
        try:
            await handler(reader, writer)
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async with await asyncio.start_server(tracked, host, 0) as server:
        yield server.sockets[0].getsockname()[:2]
    await asyncio.gather(*tasks, return_exceptions=True)


async def connect(remote: tuple[str, int]) -> TcpStream:
    return await connect_tcp(open_socket(remote[0]), remote, scope())


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(await reader.read(1000))
    await writer.drain()
    writer.close()
    await writer.wait_closed()


def run(coroutine: Awaitable[None]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(20):
            await coroutine

    asyncio.run(bounded())


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_a_whole_life(host: str) -> None:
    async def life() -> None:
        async with served(echo, host) as remote:
            stream = await connect(remote)
            assert stream.remote_address == remote
            assert stream.local_address[0] == host
            await stream.send(b"hello")
            assert await stream.receive() == b"hello"
            assert await stream.receive() == b""
            await stream.close()
        assert types(stream) == [
            "tcp.connect_started",
            "tcp.connected",
            "tcp.info",
            "tcp.bytes_sent",
            "tcp.bytes_received",
            "tcp.closed",
            "tcp.info",
            "tcp.closed",
        ]
        moments = [e.what.moment for e in stream.scope.recorder.events if e.type == "tcp.info"]  # type: ignore[union-attr]
        assert moments == ["connected", "end"]

    run(life())


def test_refused_says_so() -> None:
    async def refused() -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            remote = listener.getsockname()
        with pytest.raises(ConnectError) as failure:
            await connect(remote)
        assert failure.value.id == "tcp.refused"
        assert str(remote[1]) in failure.value.message
        assert failure.value.hint

    run(refused())


def test_unroutable_says_so() -> None:
    async def unroutable() -> None:
        with pytest.raises(ConnectError) as failure:
            await connect_tcp(open_socket("240.0.0.1", "127.0.0.1"), ("240.0.0.1", 9), scope())
        assert failure.value.id in {"tcp.no_route", "tcp.failed"}

    run(unroutable())


def test_unknown_interface_says_so() -> None:
    with pytest.raises(ConnectError) as failure:
        open_socket("127.0.0.1", "no-such-device")
    assert failure.value.id == "tcp.interface"
    assert "no-such-device" in failure.value.message


def test_bound_to_a_local_address() -> None:
    async def bound() -> None:
        async with served(echo) as remote:
            sock = open_socket(remote[0], "127.0.0.9")
            stream = await connect_tcp(sock, remote, scope())
            assert stream.local_address[0] == "127.0.0.9"
            await stream.close()

    run(bound())


async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(10)
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def test_reset_by_peer() -> None:
    async def case() -> None:
        async with served(reset) as remote:
            stream = await connect(remote)
            await stream.send(b"x")
            with pytest.raises(ConnectError) as failure:
                await stream.receive()
            assert failure.value.id == "tcp.reset"
            with pytest.raises(ConnectError):
                await stream.send(b"y")
            await stream.close()
            last = [e for e in stream.scope.recorder.events if e.type == "tcp.closed"][-1]
            assert last.direction == "received"
            assert last.what.how == "rst"  # type: ignore[union-attr]

    run(case())


def test_abort_sends_rst() -> None:
    seen: list[BaseException | None] = []

    async def wait(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.read(1)
        except ConnectionResetError as error:
            seen.append(error)
        finally:
            writer.close()

    async def case() -> None:
        async with served(wait) as remote:
            stream = await connect(remote)
            await asyncio.sleep(0.01)
            stream.abort()
            stream.abort()

    run(case())
    assert isinstance(seen[0], ConnectionResetError)


def test_big_transfer_is_whole_and_its_events_are_few() -> None:
    async def pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(64):
            writer.write(b"z" * 65536)
            await writer.drain()
        writer.close()

    async def case() -> None:
        async with served(pour) as remote:
            stream = await connect(remote)
            total = 0
            while data := await stream.receive():
                total += len(data)
            await stream.close()
            assert total == 64 * 65536
            events = stream.scope.recorder.events
            received = [e.what for e in events if e.type == "tcp.bytes_received"]
            assert sum(body.count for body in received) == total  # type: ignore[union-attr]
            assert len(received) <= sum(body.reads for body in received)  # type: ignore[union-attr]

    run(case())


def test_slow_reader_pushes_back() -> None:
    async def pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"z" * (32 << 20))
        await writer.drain()
        writer.close()

    async def case() -> None:
        async with served(pour) as remote:
            stream = await connect(remote)
            for _ in range(200):
                await asyncio.sleep(0)
            assert stream._buffered_bytes < 4 << 20
            total = 0
            while data := await stream.receive():
                total += len(data)
            assert total == 32 << 20
            await stream.close()

    run(case())


def test_cancelled_connect_leaves_no_socket() -> None:
    async def case() -> None:
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        remote = listener.getsockname()
        fillers = []
        for _ in range(4):  # a full accept queue answers no SYN
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(remote)
            fillers.append(filler)
        sock = open_socket(remote[0])
        own = scope()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await connect_tcp(sock, remote, own)
        assert sock.fileno() == -1
        assert [e.type for e in own.recorder.events][-1] == "tcp.connect_cancelled"
        for filler in (*fillers, listener):
            filler.close()

    run(case())


@pytest.mark.parametrize("then_abort", [False, True])
def test_a_cancelled_close_leaves_no_socket(then_abort: bool) -> None:
    async def life() -> None:
        stay = asyncio.Event()

        async def silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
            await reader.read()
            await stay.wait()

        async with served(silent) as remote:
            stream = await connect(remote)
            closing = asyncio.create_task(stream.close())
            await asyncio.sleep(0)  # FIN is sent; it waits for the peer's
            closing.cancel()
            await asyncio.gather(closing, return_exceptions=True)
            if then_abort:
                stream.abort()
            await asyncio.sleep(0)
            assert stream._transport.get_extra_info("socket").fileno() == -1
            stay.set()

    run(life())
