"""Calls that block: their host stands still, the rest of the world does not."""

import asyncio
import concurrent.futures
import http.client
import os
import queue
import select
import socket
import subprocess
import sys
import textwrap
import threading
import time
import urllib.request

import pytest

from firstbyte.sim import Deadlock, TimeLimit, workers

RTT_S = 0.080


async def answer(reader, writer):
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")
    await writer.drain()
    writer.close()


async def serve(handler=answer, port=80):
    server = await asyncio.start_server(handler, "0.0.0.0", port)
    async with server:
        await server.serve_forever()


def fetch():
    with urllib.request.urlopen("http://server.example/", timeout=5) as page:
        return page.read()


def test_a_blocking_client_is_served_by_another_host(pair):
    pair.server.run(serve())

    async def main():
        return fetch()

    assert pair.run(main()) == b"hello"
    assert pair.time_s == pytest.approx(2 * RTT_S)


def test_it_is_so_in_executors_too_and_the_loop_goes_on(pair):
    pair.server.run(serve())
    ticks = []

    async def tick():
        while True:
            ticks.append(time.monotonic())
            await asyncio.sleep(RTT_S / 4)

    async def main():
        ticking = asyncio.create_task(tick())
        pages = await asyncio.gather(asyncio.to_thread(fetch), asyncio.to_thread(fetch))
        ticking.cancel()
        return pages

    assert pair.run(main()) == [b"hello", b"hello"]
    assert pair.time_s == pytest.approx(2 * RTT_S)
    assert len(ticks) == pytest.approx(8, abs=1)


def test_sleep_stops_its_host_alone(pair):
    seen = []

    async def tick(name):
        for _ in range(3):
            await asyncio.sleep(1)
            seen.append((name, time.monotonic()))

    async def sleep():
        await asyncio.sleep(0.5)
        time.sleep(2)

    pair.client.run(sleep())
    there = pair.server.run(tick("server"))
    here = pair.client.run(tick("client"))
    pair.internet.run(until=here)
    pair.internet.run(until=there)
    assert [at for name, at in seen if name == "server"] == [1.0, 2.0, 3.0]
    assert [at for name, at in seen if name == "client"] == [2.5, 3.5, 4.5]


def test_a_server_that_sleeps_answers_everybody_late(pair):
    async def sleepy(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        time.sleep(1)
        writer.write(b"done")
        writer.close()

    async def ask():
        reader, writer = await asyncio.open_connection("server.example", 80)
        writer.write(b"\r\n\r\n")
        await reader.readexactly(4)
        writer.close()
        return time.monotonic()

    async def main():
        return await asyncio.gather(ask(), ask())

    pair.server.run(serve(sleepy))
    first, second = pair.run(main())
    assert first == pytest.approx(1 + 2 * RTT_S)
    assert second == pytest.approx(2 + 2 * RTT_S)


def test_calls_time_out(pair):
    async def silent(reader, writer):
        await reader.read()

    async def main():
        sock = socket.create_connection(("server.example", 80), timeout=3)
        started = time.monotonic()
        with pytest.raises(TimeoutError, match="timed out"):
            sock.recv(1)
        assert time.monotonic() - started == pytest.approx(3)
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("server.example", 81))
        sock.close()

    pair.server.run(serve(silent))
    pair.run(main())


def test_a_call_that_never_returns_is_a_deadlock(pair):
    async def main():
        with socket.socket() as listener:
            listener.bind(("", 0))
            listener.listen()
            listener.accept()

    with pytest.raises(Deadlock, match=r"client: test_a_call_that_never_returns.*main"):
        pair.run(main())


def test_a_blocking_server_and_a_blocking_client(pair):
    async def server():
        with socket.create_server(("", 80)) as listener:
            connection, _ = listener.accept()
            with connection, connection.makefile("rw") as lines:
                lines.write(lines.readline().upper())

    def client():
        with socket.create_connection(("server.example", 80)) as sock:
            sock.sendall(b"shout\n")
            return sock.recv(100)

    pair.server.run(server())
    assert pair.run(asyncio.to_thread(client)) == b"SHOUT\n"


def test_names_are_asked_for(pair):
    pair.client.nameservers = ["10.9.9.9"]

    async def main():
        with pytest.raises(socket.gaierror, match="Temporary failure"):
            socket.getaddrinfo("unknown.example", 80)
        return time.monotonic()

    assert pair.run(main()) > 5


def test_threads_primitives_wait_in_virtual_time(pair):
    async def main():
        loop = asyncio.get_running_loop()
        assert not threading.Event().wait(3)
        with pytest.raises(queue.Empty):
            queue.Queue().get(timeout=2)
        filled = queue.Queue()
        loop.call_later(1, filled.put, "late")
        assert await asyncio.to_thread(filled.get, timeout=5) == "late"
        return time.monotonic()

    assert pair.run(main()) == pytest.approx(6)


@pytest.mark.parametrize("ask", ["sleep", "select"])
def test_who_asks_again_and_again_lets_others_go_on(pair, ask):
    async def main():
        ours, theirs = socket.socketpair()

        def work():
            time.sleep(0.001)
            theirs.send(b"done")

        thread = threading.Thread(target=work)
        thread.start()
        for _ in range(10_000):
            if ask == "sleep":
                time.sleep(0)
            else:
                select.select([ours], [], [], 0)
            if not thread.is_alive():
                break
        ours.close()
        theirs.close()
        return thread.is_alive(), time.monotonic()

    still_works, ended_s = pair.run(main())
    assert not still_works
    assert 0.001 <= ended_s < 0.002


def test_each_callback_that_a_blocking_call_held_back_runs_once_however_many_calls_block(pair):
    async def main():
        loop = asyncio.get_running_loop()
        ran = []
        for number in range(3):
            loop.call_soon(ran.append, number)
        for _ in range(10):
            time.sleep(0.001)
        waiting_count = len(loop._ready)
        await asyncio.sleep(0)
        return ran, waiting_count

    ran, waiting_count = pair.run(main())
    assert ran == [0, 1, 2]
    assert waiting_count < 20


def test_an_executors_function_runs_coroutines_of_the_loop(pair):
    async def slow():
        await asyncio.sleep(1)
        return 42

    async def main():
        loop = asyncio.get_running_loop()

        def work():
            return asyncio.run_coroutine_threadsafe(slow(), loop).result(timeout=5)

        return await asyncio.to_thread(work)

    assert pair.run(main()) == 42
    assert pair.time_s == 1


def test_debug_mode_finds_nothing_wrong(pair):
    pair.internet.loop.set_debug(True)

    async def main():
        await asyncio.to_thread(time.sleep, 1)
        time.sleep(1)
        with pytest.raises(ZeroDivisionError):
            await asyncio.to_thread(lambda: 1 / 0)
        return time.monotonic()

    assert pair.run(main()) == 2


def test_a_deadline_passes_while_an_executors_function_sleeps(pair):
    async def main():
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.to_thread(time.sleep, 10), 1)
        return time.monotonic()

    assert pair.run(main()) == 1


def test_https_blocks_its_host_like_any_other_call(pair, server_tls):
    pair.server.run(asyncio.start_server(answer, "0.0.0.0", 443, ssl=server_tls))

    async def main():
        connection = http.client.HTTPSConnection("server.example")
        connection.request("GET", "/")
        body = connection.getresponse().read()
        connection.close()
        return body

    assert pair.run(main()) == b"hello"
    assert pair.time_s == pytest.approx(3 * RTT_S)


def test_threads_end_with_their_host_or_their_world(pair):
    ended = []

    def wait(name):
        try:
            threading.Event().wait()
        finally:
            ended.append(name)

    async def start(name):
        pool = concurrent.futures.ThreadPoolExecutor()
        pool.submit(wait, f"pool of {name}")
        threading.Thread(target=wait, args=(f"thread of {name}",)).start()
        await asyncio.sleep(1)

    there = pair.server.run(start("server"))
    pair.run(start("client"))
    assert there.done()
    pair.server.crash()
    assert sorted(ended) == ["pool of server", "thread of server"]
    pair.internet.close()
    assert sorted(ended[2:]) == ["pool of client", "thread of client"]


@pytest.mark.parametrize("kind", ["thread", "executor"])
def test_a_thread_that_crashes_its_own_host_ends_with_it(pair, kind):
    ended_s = []

    def work():
        pair.server.crash()
        try:
            time.sleep(5)
        finally:
            ended_s.append(time.monotonic())

    async def start():
        if kind == "thread":
            threading.Thread(target=work).start()
            await asyncio.sleep(10)
        else:
            await asyncio.to_thread(work)

    pair.server.run(start())
    pair.internet.run(10)
    assert ended_s == [0]


def test_a_paused_host_pauses_its_threads(pair):
    seen = []

    def tick():
        for _ in range(3):
            time.sleep(1)
            seen.append(time.monotonic())

    async def main():
        threading.Thread(target=tick).start()
        await asyncio.sleep(100)

    pair.client.run(main())
    pair.internet.run(1.5)
    pair.client.pause()
    pair.internet.run(10)
    pair.client.resume()
    pair.internet.run(10)
    assert seen == [1, 11.5, 12.5]


def test_a_standstill_names_the_threads_that_wait(pair):
    async def main():
        await asyncio.to_thread(queue.Queue().get)

    with pytest.raises(Deadlock, match=r"a thread on client: .*queue.py:\d+ in Queue.get"):
        pair.internet.run(until=pair.client.run(main()))
    with pytest.raises(TimeLimit, match="a thread on client"):
        pair.run(main())


def test_a_wait_in_real_time_is_told(pair, monkeypatch, caplog):
    monkeypatch.setattr(workers, "PATIENCE_S", 0.02)
    reading, writing = os.pipe()
    threading.Timer(0.1, os.write, (writing, b"x")).start()

    async def main():
        return await asyncio.to_thread(os.read, reading, 1)

    assert pair.run(main()) == b"x"
    os.close(reading)
    os.close(writing)
    assert "waits in real time" in caplog.text
    assert "a thread on client" in caplog.text


def test_a_thread_that_the_world_left_behind_holds_up_nobody():
    program = """
        import asyncio, threading
        from firstbyte.sim import Internet

        async def main():
            threading.Thread(target=threading.Event().wait).start()

        net = Internet()
        net.run(until=net.host("here").run(main()))
        for thread in threading.enumerate():
            thread is threading.main_thread() or thread.join()
        """
    subprocess.run([sys.executable, "-c", textwrap.dedent(program)], check=True, timeout=30)
