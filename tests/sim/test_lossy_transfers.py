"""Whatever a link does to packets, a transfer is whole, and nothing is left afterwards."""

import asyncio
import socket

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firstbyte.sim import BurstyLoss, Internet
from firstbyte.sim.describe import describe_packet

DATA = bytes(range(256)) * 400


async def echo(reader, writer):
    writer.write(await reader.read(-1))
    writer.close()
    await writer.wait_closed()


async def ask():
    reader, writer = await asyncio.open_connection("server", 80)
    writer.write(DATA)
    writer.write_eof()
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer


def transfer(seed, **link):
    internet = Internet(seed=seed)
    client, server = internet.host("client"), internet.host("server")
    internet.link(client, server, **{"rtt_s": 0.02, **link})
    server.run(asyncio.start_server(echo, "0.0.0.0", 80))
    answer = internet.run(until=client.run(ask()), limit_s=3600)
    internet.run(until=300)
    left = [row for host in (client, server) for row in internet.sockets(host)]
    intact = [packet for packet in internet.capture(server).packets if not packet.problems]
    biggest = max(packet.size for packet in intact)
    timers = len(internet.agenda)
    internet.close()
    return answer, left, biggest, timers


probabilities = st.sampled_from([0.0, 0.01, 0.1])


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 1000),
    loss=probabilities,
    duplicate=probabilities,
    reorder=probabilities,
    corrupt=probabilities,
    jitter_s=st.sampled_from([0.0, 0.008]),
    rate_bps=st.sampled_from([None, 2e6]),
)
def test_any_mistreatment_delivers_the_bytes(seed, **link):
    answer, left, biggest, timers = transfer(seed, **link)
    assert answer == DATA
    assert [row.state for row in left] == ["LISTEN"]
    assert biggest <= 1500
    assert timers == 0


async def exchange(reader, writer, data, abort):
    """Send ``data`` (or half of it, and then a reset) while reading to the end."""
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    heard = bytearray()

    async def send():
        writer.write(data[: len(data) // 2] if abort else data)
        await writer.drain()
        writer.transport.abort() if abort else writer.write_eof()

    async def hear():
        while piece := await reader.read(4096):
            heard.extend(piece)

    done = await asyncio.gather(send(), hear(), return_exceptions=True)
    writer.close()
    done += await asyncio.gather(writer.wait_closed(), return_exceptions=True)
    return bytes(heard), [error for error in done if error is not None]


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 1000),
    loss=st.sampled_from([0.0, 0.1, 0.4]),
    corrupt=st.sampled_from([0.0, 0.2]),
    jitter_s=st.sampled_from([0.0, 0.3]),
    mtu=st.sampled_from([1280, 1500, 9000]),
    cut_s=st.sampled_from([None, 0.0, 0.05, 0.5, 3.0]),
    mended_s=st.sampled_from([5.0, 300.0, None]),
    buffer_bytes=st.sampled_from([None, 2000]),
    abort=st.booleans(),
)
def test_any_schedule_delivers_what_was_sent_or_fails_cleanly(
    seed, cut_s, mended_s, buffer_bytes, abort, **link
):
    up, down = bytes(range(256)) * 200, bytes(reversed(range(256))) * 100
    results = {}

    async def answer(reader, writer):
        results["server"] = await exchange(reader, writer, down, abort=False)

    async def ask():
        try:
            reader, writer = await asyncio.open_connection("server", 80, family=socket.AF_INET6)
        except OSError as error:
            results["client"] = (b"", [error])
            return
        if buffer_bytes:
            sock = writer.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer_bytes)
        results["client"] = await exchange(reader, writer, up, abort=abort)

    with Internet(seed=seed) as internet:
        client, server = (internet.host(name, ipv6=True) for name in ("client", "server"))
        wire = internet.link(client, server, rtt_s=0.02, **link)
        server.run(asyncio.start_server(answer, "::", 80))
        client.run(ask())
        if cut_s is not None:
            internet.run(until=cut_s)
            wire.cut()
            internet.run(until=mended_s or 0)
            if mended_s:
                wire.mend()
        internet.run(until=30_000)
        assert [task for host in (client, server) for task in host.tasks] == []
        left = [row for host in (client, server) for row in internet.sockets(host)]
        assert [row.state for row in left] == ["LISTEN"]
        assert len(internet.agenda) == 0
    heard = {name: results.get(name, (b"", [])) for name in ("client", "server")}
    assert up.startswith(heard["server"][0])
    assert down.startswith(heard["client"][0])
    errors = heard["client"][1] + heard["server"][1]
    assert all(isinstance(error, OSError) for error in errors)
    if cut_s is None and not abort and not errors:
        assert (heard["server"][0], heard["client"][0]) == (up, down)


@pytest.mark.parametrize("queue", ["drop_tail", "codel"])
def test_short_queues(queue):
    answer, _, _, _ = transfer(1, rate_bps=1e6, queue=queue, queue_bytes=6000)
    assert answer == DATA


def test_bursts():
    assert transfer(5, loss=BurstyLoss(0.02, 0.3))[0] == DATA


def test_a_small_mtu():
    answer, _, biggest, _ = transfer(1, mtu=600)
    assert answer == DATA
    assert biggest == 600


def test_descriptions_name_the_ends():
    internet = Internet()
    client, server = internet.host("client"), internet.host("server")
    internet.link(client, server)
    server.run(asyncio.start_server(echo, "0.0.0.0", 80))
    internet.run(until=client.run(ask()))
    first = describe_packet(internet.capture(client).packets[0])
    assert first.startswith("TCP 10.0.0.1:")
    assert first.endswith("> 10.0.0.2:80 SYN, 60 bytes")
    internet.close()
