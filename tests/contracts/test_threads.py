"""Threads, locks and pools: the same on both networks."""

import asyncio
import concurrent.futures
import errno
import queue
import socket
import struct
import threading
import time

PAUSE_S = 0.05


def test_a_thread_runs_beside_and_is_joined(network):
    async def scenario(network):
        seen = []

        def work():
            time.sleep(PAUSE_S)
            seen.append("work")

        thread = threading.Thread(target=work)
        thread.start()
        alive = thread.is_alive()
        thread.join(PAUSE_S / 10)
        seen.append("waited")
        thread.join()
        assert seen == ["waited", "work"]
        assert (alive, thread.is_alive(), thread.daemon) == (True, False, False)

    network.run(scenario)


def test_threads_hand_things_over(network):
    async def scenario(network):
        asked, answered = queue.Queue(), queue.SimpleQueue()

        def work():
            while (number := asked.get()) is not None:
                answered.put(number * 2)

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        for number in (1, 2, 3, None):
            asked.put(number)
        assert [await asyncio.to_thread(answered.get) for _ in range(3)] == [2, 4, 6]
        thread.join()

    network.run(scenario)


def test_a_lock_is_waited_for(network):
    async def scenario(network):
        lock, again, seen = threading.Lock(), threading.RLock(), []

        def work(name):
            with lock, again, again:
                seen.append(name)
                time.sleep(PAUSE_S)
                seen.append(name)

        def hurry():
            time.sleep(PAUSE_S / 10)
            return lock.acquire(timeout=PAUSE_S / 10), lock.acquire(blocking=False)

        works = [asyncio.to_thread(work, name) for name in "ab"]
        *_, hurried = await asyncio.gather(*works, asyncio.to_thread(hurry))
        assert hurried == (False, False)
        assert seen in (list("aabb"), list("bbaa"))

    network.run(scenario)


def test_a_pool_is_used_directly(network):
    def work(number):
        time.sleep(PAUSE_S)
        return number + 1

    async def scenario(network):
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            assert await asyncio.wrap_future(pool.submit(work, 1)) == 2
            assert list(pool.map(work, range(3))) == [1, 2, 3]

    network.run(scenario)


def test_a_loop_of_its_own_in_a_thread(network):
    async def serve(reader, writer):
        writer.write(await reader.readline())
        writer.close()

    async def ask(port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"hello\n")
        answer = await reader.read()
        writer.close()
        return answer

    async def scenario(network):
        async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            assert await asyncio.to_thread(asyncio.run, ask(port)) == b"hello\n"

    network.run(scenario)


def test_timers_and_barriers(network):
    async def scenario(network):
        rung = threading.Event()
        threading.Timer(PAUSE_S, rung.set).start()
        early = await asyncio.to_thread(rung.wait, PAUSE_S / 10)
        late = await asyncio.to_thread(rung.wait, 60)
        barrier = threading.Barrier(2)
        met = await asyncio.gather(*(asyncio.to_thread(barrier.wait) for _ in range(2)))
        assert (early, late, sorted(met)) == (False, True, [0, 1])

    network.run(scenario)


def test_a_call_that_fails_while_it_blocks_fails_in_its_own_thread(network):
    def accept_and_reset(listener):
        sock, _ = listener.accept()
        time.sleep(PAUSE_S)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        sock.close()

    def receive(address):
        with socket.create_connection(address, timeout=30) as sock:
            try:
                return sock.recv(1)
            except OSError as error:
                return error.errno

    async def scenario(network):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            ended = asyncio.to_thread(accept_and_reset, listener)
            received = asyncio.to_thread(receive, listener.getsockname())
            assert (await asyncio.gather(ended, received))[1] == errno.ECONNRESET

    network.run(scenario)
