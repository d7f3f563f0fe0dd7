"""NAT: what the other end sees, how mappings live, forwarded ports, and errors that find home."""

import asyncio
import errno
import socket

import pytest

from firstbyte.protocols.ip.icmpv4 import Icmpv4
from firstbyte.sim import Internet
from firstbyte.sim.machines import Nat, NatTimes
from testbed.sim_programs import Echo, Inbox, ask, start_peers

PUBLIC = "203.0.113.7"
IP_RECVERR = 11


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


def add_inside(way, name="other", address="192.168.1.11"):
    host = way.internet.host(name, addresses=[address])
    way.internet.link(host, way.router, rtt_s=0.010)
    return host


def test_inside_hosts_reach_each_other_by_the_public_address(way, nat):
    """Hairpinning (RFC 4787, REQ-9): the server sees the public address, too."""
    other = add_inside(way)
    nat.forward("tcp", 8080, ("192.168.1.11", 80))
    other.run(start_peers())
    (answer,) = way.run(ask(host=PUBLIC, port=8080))
    assert PUBLIC in answer
    assert way.internet.time_s == 0.040
    assert way.drops() == []


def test_an_error_about_a_turned_packet_finds_its_sender(way, nat):
    """RFC 5508, REQ-6: a connected socket believes only what is about its own packet."""
    add_inside(way)
    nat.forward("udp", 5353, ("192.168.1.11", 53))

    async def client():
        loop = asyncio.get_running_loop()
        own, inbox = await loop.create_datagram_endpoint(Inbox, remote_addr=(PUBLIC, 5353))
        own.sendto(b"anybody?")
        await asyncio.sleep(1)
        own.close()
        return inbox.errors

    (error,) = way.run(client())
    assert isinstance(error, ConnectionRefusedError)
    came = [p for p in way.internet.capture(way.client).packets if isinstance(p.transport, Icmpv4)]
    assert [packet.ip.source for packet in came] == [PUBLIC]


def test_the_router_itself_is_still_reached_from_inside(way, nat):
    way.router.run(start_peers())
    (answer,) = way.run(ask(host=PUBLIC))
    assert "192.168.1.10" in answer


def test_big_datagrams_pass_in_pieces(way, nat):
    """RFC 4787, REQ-14: both ways, and what leaves is cut again."""
    data = bytes(range(256)) * 16

    async def echo():
        loop = asyncio.get_running_loop()
        return await loop.create_datagram_endpoint(Echo, local_addr=("0.0.0.0", 7))

    async def client():
        loop = asyncio.get_running_loop()
        own, inbox = await loop.create_datagram_endpoint(Inbox, remote_addr=("198.51.100.1", 7))
        own.sendto(data)
        came, _ = await inbox.got.get()
        own.close()
        return came

    way.internet.run(until=way.server.run(echo()))
    assert way.run(client()) == data
    seen = way.internet.capture(way.server).packets
    assert {packet.ip.source for packet in seen if packet.ip.is_fragment} == {
        PUBLIC,
        "198.51.100.1",
    }
    assert all(packet.size <= 1500 for packet in seen)
    assert way.drops() == []


@pytest.fixture
def longer():
    """client ── home (NAT) ── isp ── server; the isp's further link takes 1,300 bytes."""
    with Internet(seed=7) as internet:
        client = internet.host("client", addresses=["192.168.1.10"])
        home = internet.host("home", addresses=["192.168.1.1", PUBLIC], forwarding=True)
        isp = internet.host("isp", addresses=["203.0.113.1"], forwarding=True)
        server = internet.host("server", addresses=["198.51.100.1"])
        internet.link(client, home, rtt_s=0.010)
        access = internet.link(home, isp, rtt_s=0.010)
        internet.link(isp, server, rtt_s=0.010, mtu=1300)
        nat = Nat(home, access.ports[0], PUBLIC)
        yield internet, client, server, nat


def errors_of(internet, host, *sends, options=()):
    """(type, code, sender, errno) of what comes back for (payload, target) pairs."""

    async def program():
        queue = []
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.setblocking(False)
            sock.setsockopt(socket.IPPROTO_IP, IP_RECVERR, 1)
            for option in options:
                sock.setsockopt(socket.IPPROTO_IP, *option)
            for payload, target in sends:
                sock.sendto(payload, target)
                await asyncio.sleep(1)
                _, ((_, _, told),), _, about = sock.recvmsg(2000, 512, socket.MSG_ERRQUEUE)
                sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                number = int.from_bytes(told[:4], "little")
                sender = socket.inet_ntoa(told[20:24])
                queue.append((errno.errorcode[number], sender, about))
        return queue

    return internet.run(until=host.run(program()), limit_s=100)


def test_a_traceroute_from_inside_sees_the_routers_outside(longer):
    internet, client, _, _ = longer
    target = ("198.51.100.1", 33434)
    for ttl, sender in ((1, "192.168.1.1"), (2, "203.0.113.1")):
        found = errors_of(internet, client, (b"probe", target), options=[(socket.IP_TTL, ttl)])
        assert found == [("EHOSTUNREACH", sender, target)]


def test_the_paths_mtu_is_told_to_the_inside_host(longer):
    internet, client, _, _ = longer
    target = ("198.51.100.1", 7)
    (told,) = errors_of(internet, client, (bytes(1400), target))
    assert told == ("EMSGSIZE", "203.0.113.1", target)
    assert client.kernel.stack.transmitter.path_mtus["198.51.100.1"][0] == 1300


def test_what_the_router_says_of_a_packet_from_outside_names_no_inside_address(longer):
    """The packet was translated before its TTL ran out; the quotation is translated back."""
    internet, _, server, nat = longer
    nat.forward("udp", 5353, ("192.168.1.10", 53))
    target = (PUBLIC, 5353)
    (told,) = errors_of(internet, server, (b"probe", target), options=[(socket.IP_TTL, 2)])
    assert told == ("EHOSTUNREACH", PUBLIC, target)
