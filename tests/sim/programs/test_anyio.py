"""anyio on the simulated loop: tasks, threads, TCP, UDP."""

import anyio
import anyio.from_thread
import anyio.to_thread
import pytest


def test_task_groups_and_time(pair):
    async def work():
        async with anyio.create_task_group() as group:
            group.start_soon(anyio.sleep, 10)
        with anyio.move_on_after(5) as scope:
            await anyio.sleep(100)
        return scope.cancelled_caught, anyio.current_time()

    assert pair.run(work()) == (True, 15)


def test_worker_threads_take_no_time_and_can_ask_the_loop(pair):
    async def work():
        assert await anyio.to_thread.run_sync(lambda: 7) == 7
        assert anyio.current_time() == 0
        await anyio.to_thread.run_sync(lambda: anyio.from_thread.run(anyio.sleep, 3))
        return anyio.current_time()

    assert pair.run(work()) == 3


def test_tcp(pair):
    async def serve():
        listener = await anyio.create_tcp_listener(local_host="0.0.0.0", local_port=7)

        async def handle(stream):
            async with stream:
                await stream.send((await stream.receive()).upper())

        await listener.serve(handle)

    async def ask():
        async with await anyio.connect_tcp("server.example", 7) as stream:
            await stream.send(b"hello")
            reply = await stream.receive()
            with pytest.raises(anyio.EndOfStream):
                await stream.receive()
            return reply

    pair.server.run(serve())
    assert pair.run(ask()) == b"HELLO"


def test_udp(pair):
    async def serve():
        async with await anyio.create_udp_socket(local_host="0.0.0.0", local_port=7) as udp:
            async for data, (host, port) in udp:
                await udp.sendto(data.upper(), host, port)

    async def ask():
        async with await anyio.create_connected_udp_socket("server.example", 7) as udp:
            await udp.send(b"hello")
            return await udp.receive()

    pair.server.run(serve())
    assert pair.run(ask()) == b"HELLO"
