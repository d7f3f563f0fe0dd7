"""Worlds: running, time, names, faults, what can be seen, the end."""

import asyncio
import datetime
import os
import random
import secrets
import socket
import time
import uuid

import pytest

from firstbyte.sim import Deadlock, Internet, TimeLimit


async def echo(reader, writer):
    while data := await reader.read(65_536):
        writer.write(data)
        await writer.drain()
    writer.close()


async def call(host, data=b"ping", port=80):
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(data)
    writer.write_eof()
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer


@pytest.fixture
def internet():
    with Internet(seed=7) as internet:
        yield internet


@pytest.fixture
def pair(internet):
    client, server = internet.host("client"), internet.host("server")
    internet.link(client, server, rtt_s=0.080)
    server.run(asyncio.start_server(echo, "0.0.0.0", 80))
    return client, server


def test_run_returns_the_result_and_keeps_the_clock(internet, pair):
    client, _ = pair
    assert internet.run(until=client.run(call("server"))) == b"ping"
    before = internet.time_s
    assert internet.run(until=2.5) is None
    assert internet.time_s == before + 2.5


def test_run_raises_what_the_program_raises(internet, pair):
    client, _ = pair
    with pytest.raises(ConnectionRefusedError):
        internet.run(until=client.run(call("server", port=81)))


def test_a_failed_server_is_named_in_the_clients_failure(internet, pair):
    client, server = pair

    async def broken():
        raise ZeroDivisionError("no server today")

    server.run(broken())
    with pytest.raises(ConnectionRefusedError) as caught:
        internet.run(until=client.run(call("server", port=81)))
    (note,) = caught.value.__notes__
    assert note.startswith("server: ")
    assert "no server today" in note


def test_a_bare_coroutine_is_refused(internet):
    with pytest.raises(TypeError, match=r"host\.run"):
        internet.run(until=call("server"))


def test_running_inside_a_running_loop_is_refused(internet):
    host = internet.host("one")

    async def nested():
        internet.run(until=1.0)

    async def elsewhere():
        with pytest.raises(RuntimeError, match="plain function"):
            internet.run(until=1.0)

    with pytest.raises(RuntimeError, match="plain function"):
        internet.run(until=host.run(nested()))
    asyncio.run(elsewhere())


def test_run_without_an_argument_ends_with_the_last_task(internet, pair):
    client, _ = pair
    done = []

    async def work(seconds):
        await asyncio.sleep(seconds)
        done.append(seconds)

    client.run(work(3))
    client.run(work(5))
    internet.run()
    assert done == [3, 5]
    assert internet.time_s == 5


def test_a_deadlock_names_the_tasks_that_wait(internet):
    host = internet.host("lonely")

    async def wait_for_godot():
        await asyncio.get_running_loop().create_future()

    with pytest.raises(Deadlock, match=r"lonely: .*wait_for_godot.* on lonely: .*test_internet"):
        internet.run(until=host.run(wait_for_godot()))


def test_a_time_limit_names_them_too(internet):
    host = internet.host("clock")

    async def tick():
        while True:
            await asyncio.sleep(1)

    with pytest.raises(TimeLimit, match="tick"):
        internet.run(until=host.run(tick()), limit_s=10)
    assert internet.time_s == 10


def test_busy_waiting_takes_time(internet):
    host = internet.host("busy")

    async def spin():
        loop = asyncio.get_running_loop()
        end = loop.time() + 0.05
        while loop.time() < end:
            await asyncio.sleep(0)

    async def appointment():
        await asyncio.sleep(1)

    host.run(appointment())
    internet.run(until=host.run(spin()))


def test_a_timer_that_is_set_again_for_now_takes_time(internet):
    """As aioquic's: it finds by its own arithmetic that the time has not quite come."""
    host = internet.host("impatient")

    async def main():
        loop = asyncio.get_running_loop()
        done = loop.create_future()

        def look():
            if loop.time() > 1:
                done.set_result(None)
            else:
                loop.call_at(1, look)

        look()
        await done

    internet.run(until=host.run(main()))
    assert internet.time_s == pytest.approx(1, abs=1e-3)


def test_simultaneous_timers_run_in_order(internet):
    host = internet.host("one")
    order = []

    async def main():
        loop = asyncio.get_running_loop()
        for number in range(100):
            loop.call_at(1.0, order.append, number)
        await asyncio.sleep(2)

    internet.run(until=host.run(main()))
    assert order == list(range(100))


def test_a_year_of_sleep_is_exact(internet):
    host = internet.host("one")

    async def main():
        for _ in range(10):
            await asyncio.sleep(365 * 86_400 / 10)
        return asyncio.get_running_loop().time()

    assert internet.run(until=host.run(main())) == 365 * 86_400


def test_the_clocks_are_virtual_inside_and_real_outside(internet):
    host = internet.host("one", clock_offset_s=3600)

    async def main():
        before = time.time(), time.monotonic(), time.perf_counter_ns(), datetime.datetime.now()
        await asyncio.sleep(10)
        time.sleep(5)
        after = time.time(), time.monotonic(), time.perf_counter_ns(), datetime.datetime.now()
        return before, after, datetime.date.today(), datetime.datetime.now(datetime.UTC)

    outside = time.time()
    before, after, today, now = internet.run(until=host.run(main()))
    assert [b - a for a, b in zip(before[:3], after[:3], strict=True)] == [15, 15, 15 * 10**9]
    assert after[3] - before[3] == datetime.timedelta(seconds=15)
    assert now == datetime.datetime(2026, 1, 1, 1, 0, 15, tzinfo=datetime.UTC)
    assert today.year == 2026
    assert time.time() - outside < 60
    assert isinstance(now, datetime.datetime)


def test_calendars_and_clocks_by_number_are_virtual_too(internet):
    async def main():
        now = time.time()
        assert time.gmtime() == time.gmtime(now)
        assert time.localtime() == time.localtime(now)
        assert time.ctime() == time.ctime(now)
        assert time.asctime() == time.asctime(time.localtime(now))
        assert time.strftime("%c") == time.strftime("%c", time.localtime(now))
        assert time.clock_gettime(time.CLOCK_REALTIME) == now
        assert time.clock_gettime_ns(time.CLOCK_MONOTONIC) == time.monotonic_ns() == 0
        assert time.clock_gettime(time.CLOCK_PROCESS_CPUTIME_ID) > 0
        return time.gmtime().tm_year

    assert internet.run(until=internet.host("one").run(main())) == 2026
    assert time.gmtime()[:3] == time.gmtime(time.time())[:3]


def entropy(seed):
    with Internet(seed=seed) as internet:
        host = internet.host("one")

        async def main():
            fresh = random.Random().random(), uuid.uuid1(), uuid.uuid4()
            return random.random(), os.urandom(8), secrets.token_hex(4), fresh

        return internet.run(until=host.run(main())), internet.run(until=host.run(main()))


def test_entropy_follows_the_seed():
    state = random.getstate()
    assert entropy(1) == entropy(1)
    assert entropy(1) != entropy(2)
    first, second = entropy(1)
    assert first != second
    assert random.getstate() == state


def transcript(seed):
    with Internet(seed=seed) as internet:
        client, server = internet.host("client"), internet.host("server")
        internet.link(
            client, server, rtt_s=0.05, rate_bps=5e6, loss=0.05, jitter_s=0.01, reorder=0.05
        )
        server.run(asyncio.start_server(echo, "0.0.0.0", 80))

        async def talk():
            return await call("server", os.urandom(200_000))

        internet.run(until=client.run(talk()))
        return internet.capture(client).pcapng(), internet.capture(server).pcapng()


def test_the_same_seed_gives_the_same_bytes():
    assert transcript(3) == transcript(3)
    assert transcript(3) != transcript(4)


def test_the_retransmissions_are_seen(internet):
    client, server = internet.host("client"), internet.host("server")
    internet.link(client, server, rtt_s=0.080, rate_bps=10e6, loss=0.02, queue_bytes=64_000)
    server.run(asyncio.start_server(echo, "0.0.0.0", 80))
    internet.run(until=client.run(call("server", bytes(300_000))))
    assert internet.capture(client).retransmissions > 0
    assert {event.type for event in internet.events} >= {
        "tcp.segment",
        "tcp.state",
        "link.dropped",
    }
    assert any(
        event.what.retransmission for event in internet.events if event.type == "tcp.segment"
    )


def test_a_crashed_host_is_silent_and_a_restarted_one_resets(internet, pair):
    client, server = pair
    ended = []

    async def talk():
        reader, writer = await asyncio.open_connection("server", 80)
        writer.write(b"1")
        await reader.read(1)
        server.crash()
        writer.write(b"2")
        await asyncio.sleep(10)
        server.restart()
        with pytest.raises(ConnectionResetError):
            await reader.read(1)
        ended.append(asyncio.get_running_loop().time())
        writer.close()
        with pytest.raises(ConnectionRefusedError):
            await call("server")
        server.run(asyncio.start_server(echo, "0.0.0.0", 80))
        return await call("server")

    assert internet.run(until=client.run(talk())) == b"ping"
    assert 10 < ended[0] < 60


def test_programs_of_a_crashed_host_are_stopped_and_its_sockets_dead(internet, pair):
    _, server = pair
    seen = []

    async def program():
        sock = socket.socket()
        try:
            await asyncio.sleep(100)
        finally:
            try:
                sock.setblocking(False)
                sock.connect_ex(("10.0.0.1", 80))
            except OSError as error:
                seen.append(error.errno)
            sock.close()

    task = server.run(program())
    internet.run(until=1)
    server.crash()
    internet.run(until=1)
    assert task.cancelled()
    assert seen == [100]
    assert server.tasks == []


def test_a_paused_host_answers_late_but_its_kernel_at_once(internet, pair):
    client, server = pair

    async def talk():
        reader, writer = await asyncio.open_connection("server", 80)
        server.pause()
        asyncio.get_running_loop().call_later(5, server.resume)
        writer.write(b"x")
        await reader.read(1)
        info = internet.sockets(client)[0].info
        writer.close()
        return asyncio.get_running_loop().time(), info.total_retrans

    elapsed, retransmissions = internet.run(until=client.run(talk()))
    assert elapsed == pytest.approx(5.12, abs=0.05)
    assert retransmissions == 0


def test_a_partition_heals(internet, pair):
    client, server = pair

    async def talk():
        reader, writer = await asyncio.open_connection("server", 80)
        mend = internet.partition({client}, {server})
        asyncio.get_running_loop().call_later(3, mend)
        writer.write(b"x")
        assert await reader.read(1) == b"x"
        writer.close()
        return asyncio.get_running_loop().time()

    assert 3 < internet.run(until=client.run(talk())) < 10


def test_connecting_to_nowhere(internet, pair):
    client, _ = pair

    async def main():
        with pytest.raises(OSError, match="unreachable") as caught:
            await call("2001:db8::1")
        return caught.value.errno

    assert internet.run(until=client.run(main())) == 101


def test_silence_takes_linux_two_minutes(internet, pair):
    client, server = pair
    server.partition()

    async def main():
        with pytest.raises(TimeoutError) as caught:
            await call("server")
        return caught.value.errno, asyncio.get_running_loop().time()

    assert internet.run(until=client.run(main())) == (110, 127.0)


def test_sockets_are_listed(internet, pair):
    client, server = pair

    async def talk():
        _, writer = await asyncio.open_connection("server", 80)
        await asyncio.sleep(1)
        rows = internet.sockets(server)
        writer.close()
        return rows

    rows = internet.run(until=client.run(talk()))
    assert [(row.protocol, row.state) for row in rows] == [
        ("tcp", "LISTEN"),
        ("tcp", "ESTABLISHED"),
    ]
    assert rows[1].remote[0] == client.address
    assert rows[1].info.rtt_us == 80_000


def test_routers_pass_on(internet):
    hosts = [internet.host(name) for name in ("left", "right")]
    router = internet.host("router", forwarding=True)
    for host in hosts:
        internet.link(host, router, rtt_s=0.010)
    hosts[1].run(asyncio.start_server(echo, "0.0.0.0", 80))
    assert internet.run(until=hosts[0].run(call("right"))) == b"ping"
    assert internet.time_s == 0.04


def test_ipv6(internet):
    client, server = (internet.host(name, ipv6=True) for name in ("client", "server"))
    internet.link(client, server)
    server.run(asyncio.start_server(echo, "::", 80))

    async def main():
        _, writer = await asyncio.open_connection("server", 80)
        peer = writer.get_extra_info("peername")
        writer.close()
        return peer

    assert internet.run(until=client.run(main())) == (server.addresses[1], 80, 0, 0)


def test_names_are_unique(internet):
    internet.host("a")
    with pytest.raises(ValueError, match="already"):
        internet.host("a")


def test_code_on_no_host_is_told_so(internet):
    async def nowhere():
        await asyncio.open_connection("127.0.0.1", 80)

    with pytest.raises(RuntimeError, match="runs on no host"):
        internet.run(until=internet.loop.create_task(nowhere()))


def test_what_a_world_has_not_is_refused(internet):
    host = internet.host("one")

    async def main():
        loop = asyncio.get_running_loop()
        refused = []
        for attempt in (
            lambda: asyncio.create_subprocess_exec("true"),
            lambda: loop.connect_read_pipe(asyncio.Protocol, None),
        ):
            with pytest.raises(NotImplementedError, match="private internet") as caught:
                await attempt()
            refused.append(caught.value)
        with pytest.raises(NotImplementedError, match="signals"):
            loop.add_signal_handler(2, print)
        with pytest.raises(ValueError, match="no socket of the private internet"):
            loop.add_reader(0, print)
        return len(refused)

    assert internet.run(until=host.run(main())) == 2


def test_executors_run_inline(internet):
    host = internet.host("one")

    async def main():
        loop = asyncio.get_running_loop()
        assert await asyncio.to_thread(lambda: 6 * 7) == 42
        with pytest.raises(ZeroDivisionError):
            await loop.run_in_executor(None, lambda: 1 / 0)
        found = await loop.run_in_executor(None, socket.getaddrinfo, "one", 80)
        return found[0][4], socket.gethostname(), socket.gethostbyname("one"), loop.time()

    assert internet.run(until=host.run(main())) == (("10.0.0.1", 80), "one", "10.0.0.1", 0.0)


def test_the_sockets_of_the_machine_are_back_outside(internet, pair):
    client, _ = pair
    internet.run(until=client.run(call("server")))
    with socket.socket() as sock:
        assert type(sock).__module__ == "socket"
    first, second = socket.socketpair()
    first.close()
    second.close()


def test_close_reports_what_still_runs():
    internet = Internet()
    host = internet.host("one")

    async def forever():
        await asyncio.sleep(1e9)

    host.run(forever())
    internet.run(until=1)
    (line,) = internet.close()
    assert "one: test_close" in line
    assert internet.close() == []
    with pytest.raises(RuntimeError, match="closed"):
        internet.run(until=1)


def test_the_system_is_simulated(internet, pair):
    from firstbyte.net import system

    client, server = pair
    client.nameservers = ["10.0.0.53"]
    client.search = ["example.org"]
    internet.trust(b"PEM")

    async def main():
        seen = system.current()
        began_ns = seen.now_ns()
        tap = seen.open_tap("tcp", (client.address, 0), (server.address, 80))
        await call("server")
        packets = tap.packets()
        tap.close()
        return (
            seen.network,
            began_ns,
            seen.resolv_conf(),
            "10.0.0.2 server\n" in seen.hosts_file(),
            seen.trust_anchors_pem(),
            [packet.outgoing for packet in packets][:3],
            packets[1].at_ns,
        )

    assert internet.run(until=client.run(main())) == (
        "simulated",
        0,
        "nameserver 10.0.0.53\nsearch example.org\n",
        True,
        b"PEM\n",
        [True, False, True],
        80_000_000,
    )
