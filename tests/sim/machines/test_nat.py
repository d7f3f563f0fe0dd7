"""NAT: what the other end sees, how mappings live, forwarded ports, and errors that find home."""

import asyncio

import pytest

from firstbyte.sim.machines import Nat, NatTimes
from testbed.sim_programs import Echo, Inbox, ask, start_peers

PUBLIC = "203.0.113.7"


@pytest.fixture
def nat(way):
    return Nat(way.router, way.router.ports[1], PUBLIC, times=NatTimes(udp_s=30, tcp_s=120))


def test_the_server_sees_the_public_address(way, nat):
    way.server.run(start_peers())
    (answer,) = way.run(ask())
    assert PUBLIC in answer
    assert way.internet.time_s == 0.080
    (mapping,) = nat.mappings()
    assert mapping.inside[0] == "192.168.1.10"


def test_an_idle_connection_loses_its_mapping_and_hangs(way, nat):
    way.server.run(start_peers())
    assert len(way.run(ask(0, 119))) == 2

    async def after_the_mapping_is_gone():
        reader, writer = await asyncio.open_connection("198.51.100.1", 80)
        writer.write(b"1\n")
        first = await reader.readline()
        # The server speaks first after the silence: nobody knows the way any more.
        await asyncio.sleep(121)
        writer.transport.abort()
        return first, nat.mappings()

    first, alive = way.run(after_the_mapping_is_gone())
    assert PUBLIC.encode() in first
    assert alive == []


def test_a_datagram_from_outside_needs_a_live_mapping(way, nat):
    async def echo():
        loop = asyncio.get_running_loop()
        transport, echoing = await loop.create_datagram_endpoint(Echo, local_addr=("0.0.0.0", 7))
        return transport, echoing

    transport, echoing = way.internet.run(until=way.server.run(echo()))

    async def client():
        loop = asyncio.get_running_loop()
        own, inbox = await loop.create_datagram_endpoint(Inbox, remote_addr=("198.51.100.1", 7))
        own.sendto(b"hello")
        data, _ = await inbox.got.get()
        assert data == b"hello"
        transport.sendto(b"in time", echoing.seen[0][1])
        assert (await inbox.got.get())[0] == b"in time"
        await asyncio.sleep(31)
        transport.sendto(b"too late", echoing.seen[0][1])
        await asyncio.sleep(1)
        own.close()
        return inbox.got.empty()

    assert way.run(client())
    assert echoing.seen[0][1][0] == PUBLIC
    assert way.drops() == ["nat_no_mapping"]


def test_two_inside_hosts_with_one_port_get_two(way, nat):
    other = way.internet.host("other", addresses=["192.168.1.11"])
    way.internet.link(other, way.router, rtt_s=0.010)
    way.server.run(start_peers())

    async def from_port():
        reader, writer = await asyncio.open_connection(
            "198.51.100.1", 80, local_addr=("0.0.0.0", 5000)
        )
        writer.write(b"?\n")
        answer = await reader.readline()
        writer.close()
        return answer

    answers = {way.run(from_port())}
    answers.add(way.internet.run(until=other.run(from_port()), limit_s=100))
    assert len(answers) == 2
    assert all(PUBLIC.encode() in answer for answer in answers)


def test_a_forwarded_port_leads_inside(way, nat):
    nat.forward("tcp", 8080, ("192.168.1.10", 80))
    way.client.run(start_peers())
    task = way.server.run(ask(host=PUBLIC, port=8080))
    (answer,) = way.internet.run(until=task, limit_s=100)
    assert "198.51.100.1" in answer
    with pytest.raises(ValueError, match="8080"):
        nat.forward("tcp", 8080, ("192.168.1.10", 81))


def test_what_nobody_asked_for_vanishes(way, nat):
    async def knock():
        async with asyncio.timeout(5):
            await asyncio.open_connection(PUBLIC, 4444)

    with pytest.raises(TimeoutError):
        way.internet.run(until=way.server.run(knock()), limit_s=100)
    assert set(way.drops()) == {"nat_no_mapping"}


def test_an_icmp_error_finds_the_inside_host(way, nat):
    async def client():
        loop = asyncio.get_running_loop()
        own, inbox = await loop.create_datagram_endpoint(Inbox, remote_addr=("198.51.100.1", 9))
        own.sendto(b"anybody?")
        await asyncio.sleep(1)
        own.close()
        return inbox.errors

    (error,) = way.run(client())
    assert isinstance(error, ConnectionRefusedError)
