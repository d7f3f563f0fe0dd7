"""Whatever a link does to packets, a transfer is whole, and nothing is left afterwards."""

import asyncio

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
