"""Hosts: addresses, routes, filters, Ethernet, options of sockets."""

import asyncio
import socket

import pytest

from firstbyte.protocols.tcp.segment import SYN, Segment
from firstbyte.sim import ChosenLoss, Internet
from firstbyte.sim.frames import BROADCAST, Frame, decode_like, encode_unit
from firstbyte.sim.links import Port


class Switch:
    """A hub: every frame goes out everywhere else."""

    is_switch = True
    forwarding = True
    addresses = ()

    def __init__(self, name):
        self.name = name
        self.ports = []

    def new_port(self, mtu, *, ethernet):
        assert ethernet
        self.ports.append(Port(self, f"port{len(self.ports)}", mtu))
        return self.ports[-1]

    def receive(self, port, unit):
        for other in self.ports:
            if other is not port:
                other.send(unit)


async def echo(reader, writer):
    writer.write(await reader.read(100))
    writer.close()


async def call(address, port=80):
    reader, writer = await asyncio.open_connection(address, port)
    writer.write(b"hello")
    answer = await reader.read()
    writer.close()
    return answer


@pytest.fixture
def internet():
    with Internet(seed=1) as internet:
        yield internet


@pytest.fixture
def lan(internet):
    switch = Switch("switch")
    hosts = [
        internet.host(f"h{n}", addresses=[f"192.168.1.{n}/24"], auto_routes=False)
        for n in (1, 2, 3)
    ]
    for host in hosts:
        internet.link(host, switch, delay_s=0.001)
    return hosts


def test_a_lan_speaks_arp(internet, lan):
    lan[1].run(asyncio.start_server(echo, "0.0.0.0", 80))
    assert internet.run(until=lan[0].run(call("192.168.1.2"))) == b"hello"
    frames = [seen.unit for seen in internet.capture(lan[0]).seen]
    assert isinstance(frames[0], Frame)
    assert frames[0].destination == BROADCAST
    assert frames[0].payload.target == "192.168.1.2"
    assert frames[2].payload.transport.flag_names == "SYN"
    assert internet.time_s == pytest.approx(0.012)
    assert internet.capture(lan[0]).pcapng()


def test_broadcasts_reach_all(internet, lan):
    async def listen(host):
        loop = asyncio.get_running_loop()
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.setblocking(False)
        sock.bind(("0.0.0.0", 67))
        found = await loop.sock_recvfrom(sock, 100)
        sock.close()
        return found

    async def shout():
        loop = asyncio.get_running_loop()
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.setblocking(False)
        sock.bind(("0.0.0.0", 68))
        with pytest.raises(PermissionError):
            await loop.sock_sendto(sock, b"x", ("255.255.255.255", 67))
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"eth0\0")
        await loop.sock_sendto(sock, b"anybody?", ("255.255.255.255", 67))
        sock.close()

    heard = [host.run(listen(host)) for host in lan[1:]]
    lan[0].run(shout())
    for one in heard:
        assert internet.run(until=one) == (b"anybody?", ("192.168.1.1", 68))


def test_nobody_answers_arp(internet, lan):
    """Three questions a second apart, then EHOSTUNREACH, as Linux."""
    attempt = lan[0].run(call("192.168.1.99"))
    with pytest.raises(OSError, match="Connect call failed") as caught:
        internet.run(until=attempt)
    assert caught.value.errno == 113
    assert internet.time_s == pytest.approx(3, abs=0.1)


def test_a_router_without_a_route_says_so(internet):
    client = internet.host("client")
    router = internet.host("router", forwarding=True)
    internet.link(client, router)
    with pytest.raises(OSError, match="Connect call failed") as caught:
        internet.run(until=client.run(call("172.16.0.1")))
    assert caught.value.errno == 101
    assert "link.icmp" in {event.type for event in internet.events}


def test_rules_and_losses_see_packets_inside_frames(internet, lan):
    flags = []

    def note(transit):
        if isinstance(transit.packet.transport, Segment):
            flags.append((transit.sender, transit.packet.transport.flag_names))

    def is_syn(packet):
        return isinstance(packet.transport, Segment) and packet.transport.flags == SYN

    internet.rule(note)
    internet.links[0].towards(internet.links[0].ports[1].node).set(loss=ChosenLoss(is_syn))
    attempt = lan[0].run(asyncio.wait_for(call("192.168.1.2"), 5))
    internet.run(until=6)
    assert isinstance(attempt.exception(), TimeoutError)
    assert flags == [("h1", "SYN")] * 3


def test_frames_survive_the_wire(internet, lan):
    lan[1].run(asyncio.start_server(echo, "0.0.0.0", 80))
    internet.run(until=lan[0].run(call("192.168.1.2")))
    for seen in internet.capture(lan[0]).seen:
        copy = decode_like(seen.unit, encode_unit(seen.unit))
        assert encode_unit(copy) == encode_unit(seen.unit)
        assert len(encode_unit(copy)) == seen.unit.size


def test_gateways_by_hand(internet):
    left = internet.host("left", addresses=["10.1.0.2/24"], auto_routes=False)
    right = internet.host("right", addresses=["10.2.0.2/24"], auto_routes=False)
    router = internet.host("router", addresses=[], forwarding=True, auto_routes=False)
    internet.link(left, router)
    internet.link(right, router)
    router.add_address("10.1.0.1/24", "eth0")
    router.add_address("10.2.0.1/24", "eth1")
    left.add_route("0.0.0.0/0", "eth0", "10.1.0.1")
    right.add_route("0.0.0.0/0", "eth0", "10.2.0.1")
    right.run(asyncio.start_server(echo, "0.0.0.0", 80))
    assert internet.run(until=left.run(call("10.2.0.2"))) == b"hello"
    assert router.address == "10.1.0.1"


def test_filters_see_and_stop_packets(internet):
    client, server = internet.host("client"), internet.host("server")
    internet.link(client, server)
    seen = []

    def note(port, unit):
        seen.append(port.name)
        return unit

    server.incoming.append(note)
    server.outgoing.append(lambda port, unit: None)
    server.run(asyncio.start_server(echo, "0.0.0.0", 80))
    attempt = client.run(asyncio.wait_for(call("server"), 5))
    internet.run(until=6)
    assert isinstance(attempt.exception(), TimeoutError)
    assert seen == ["eth0"] * 3


def test_addresses_come_and_go(internet):
    client, server = internet.host("client"), internet.host("server")
    internet.link(client, server)
    server.run(asyncio.start_server(echo, "0.0.0.0", 80))
    server.add_address("10.0.0.77")
    assert internet.run(until=client.run(call("10.0.0.77"))) == b"hello"
    server.remove_address("10.0.0.77")
    assert server.addresses == ["10.0.0.2"]
    attempt = client.run(asyncio.wait_for(call("10.0.0.77"), 5))
    internet.run(until=6)
    assert isinstance(attempt.exception(), TimeoutError)


def test_a_host_without_links_talks_to_itself(internet):
    host = internet.host("alone")
    internet.run(until=host.run(asyncio.start_server(echo, "0.0.0.0", 80)))
    assert internet.run(until=host.run(call("alone"))) == b"hello"
    assert internet.run(until=host.run(call("localhost"))) == b"hello"


def test_a_restarted_host_has_its_settings(internet):
    client, server = internet.host("client"), internet.host("server", addresses=["10.7.0.1/24"])
    internet.link(client, server)
    server.crash()
    server.crash()
    server.restart()
    server.restart()
    server.run(asyncio.start_server(echo, "0.0.0.0", 80))
    assert internet.run(until=client.run(call("10.7.0.1"))) == b"hello"


@pytest.mark.parametrize("name", ["cubic", "reno"])
def test_congestion_control_can_be_chosen(internet, name):
    host = internet.host("one")

    async def main():
        with socket.socket() as sock:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, name.encode())
            with pytest.raises(OSError, match="No such file"):
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, b"magic")
            return sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, 16)

    assert internet.run(until=host.run(main())).rstrip(b"\0") == name.encode()


def test_many_sockets_need_no_descriptors(internet, monkeypatch):
    from firstbyte.sim import descriptors

    monkeypatch.setattr(descriptors, "SPARE", 1 << 30)
    client, server = internet.host("client"), internet.host("server")
    internet.link(client, server)
    server.run(asyncio.start_server(echo, "0.0.0.0", 80))

    async def main():
        with socket.socket() as sock:
            number = sock.fileno()
        return number, await call("server")

    number, answer = internet.run(until=client.run(main()))
    assert number >= descriptors.FIRST_NUMBER
    assert answer == b"hello"


def test_files_are_sent_by_the_fallback(internet, tmp_path):
    client, server = internet.host("client"), internet.host("server")
    internet.link(client, server)
    path = tmp_path / "file"
    path.write_bytes(bytes(range(256)) * 1000)

    async def serve(reader, writer):
        with path.open("rb") as file:
            await asyncio.get_running_loop().sendfile(writer.transport, file)
        writer.close()

    async def fetch():
        reader, writer = await asyncio.open_connection("server", 80)
        data = await reader.read()
        writer.close()
        return data

    server.run(asyncio.start_server(serve, "0.0.0.0", 80))
    assert internet.run(until=client.run(fetch())) == path.read_bytes()
