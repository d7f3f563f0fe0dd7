"""Routers: TTL, routes, fragmentation, path MTU, and the ICMP that tells of trouble."""

import pytest

from firstbyte.errors import UsageError
from firstbyte.events.link import IcmpReceived
from firstbyte.protocols.ip.icmpv4 import Icmpv4
from firstbyte.protocols.ip.icmpv6 import Icmpv6
from firstbyte.protocols.ip.ipv4 import Ipv4
from firstbyte.protocols.ip.notify import ENDED
from firstbyte.protocols.ip.packet import UDP, Packet
from firstbyte.protocols.ip.udp import Datagram
from firstbyte.protocols.socket_error import SocketError
from firstbyte.protocols.tcp.segment import Segment
from testbed.ip_world import lan, routed

FAMILIES = [("10.0.2.2", "0.0.0.0"), ("2001:db8:2::2", "::")]


@pytest.mark.parametrize(("far", "any_address"), FAMILIES)
def test_a_datagram_crosses_the_router(far: str, any_address: str) -> None:
    world = routed()
    server = world.hosts["b"].udp_bind(any_address, 53)
    client = world.hosts["a"].udp_bind(any_address)
    client.send(b"over there", 0, (far, 53))
    world.run(100)
    received = server.receive()
    assert received.data == b"over there"
    assert received.ttl == 63
    server.send(b"and back", world.now_ns, received.source)
    world.run(100)
    assert client.receive().source == (far, 53)


@pytest.mark.parametrize(("far", "any_address"), FAMILIES)
def test_ttl_runs_out_and_the_sender_is_told(far: str, any_address: str) -> None:
    world = routed()
    client = world.hosts["a"].udp_bind(any_address)
    client.ttl = 1
    client.errors.wanted = True
    client.send(b"x", 0, (far, 33434))
    world.run(100)
    report = client.errors.take_report()
    assert (report.type, report.code) in {(11, 0), (3, 0)}
    assert report.sender in {"10.0.1.1", "2001:db8:1::1"}
    assert report.destination == (far, 33434)
    assert "ttl" in world.drops()
    assert any(isinstance(e.what, IcmpReceived) for e in world.events)


@pytest.mark.parametrize(("far", "any_address"), FAMILIES)
def test_a_closed_port_is_told_by_the_last_host(far: str, any_address: str) -> None:
    world = routed()
    client = world.hosts["a"].udp_bind(any_address)
    client.connect((far, 9))
    client.errors.wanted = True
    client.send(b"x", 0)
    world.run(100)
    with pytest.raises(SocketError, match="ECONNREFUSED"):
        client.receive()
    assert client.errors.take_report().sender == far
    assert client.receive() is None


def test_no_route_at_the_router_is_told() -> None:
    world = routed()
    socket = world.hosts["a"].tcp_connect(("192.0.2.1", 80), 0)
    world.run(100)
    assert world.news_of(socket) & ENDED
    assert socket.error == "ENETUNREACH"
    assert "no_route" in world.drops()


def test_no_route_at_home_is_an_error_at_once() -> None:
    world = lan()
    with pytest.raises(SocketError, match="ENETUNREACH"):
        world.hosts["a"].tcp_connect(("192.0.2.1", 80), 0)


def test_a_host_that_is_no_router_drops() -> None:
    world = lan()
    packet = Packet(Ipv4("10.0.0.1", "10.0.0.77", UDP), Datagram(1, 2, b"x"))
    world.hosts["b"].receive("eth0", packet, 0)
    world.run(1)
    assert world.drops() == ["not_for_us"]


@pytest.mark.parametrize(("far", "any_address"), FAMILIES)
def test_tcp_learns_the_path_mtu(far: str, any_address: str) -> None:
    world = routed(far_mtu=1300)
    listener = world.hosts["b"].tcp_listen(any_address, 80)
    client = world.hosts["a"].tcp_connect((far, 80), 0)
    world.run(50)
    server = listener.accept()
    data = bytes(range(256)) * 100
    client.write(data)
    world.run(2000)
    assert server.read() == data
    sizes = [p.size for p in world.packets(Segment, "r")]
    assert max(sizes) <= 1300
    assert any(isinstance(e.what, IcmpReceived) and e.what.mtu_bytes == 1300 for e in world.events)
    # A later connection starts with what was learned.
    world.hosts["a"].tcp_connect((far, 80), world.now_ns)
    world.run(50)
    syn = [p for p in world.packets(Segment, "a") if p.transport.options.mss][-1]
    assert syn.transport.options.mss == 1300 - (60 if ":" in far else 40)


def test_a_big_datagram_is_cut_at_home_and_put_together_at_the_end() -> None:
    for far, any_address in FAMILIES:
        world = routed()
        server = world.hosts["b"].udp_bind(any_address, 53)
        client = world.hosts["a"].udp_bind(any_address)
        data = bytes(range(256)) * 30
        client.send(data, 0, (far, 53))
        world.run(100)
        assert server.receive().data == data
        pieces = world.packets(bytes, "a")
        assert len(pieces) == 6
        assert max(p.size for p in pieces) <= 1500


def test_a_router_cuts_for_ipv4_when_it_may() -> None:
    world = routed(far_mtu=600)
    server = world.hosts["b"].udp_bind("0.0.0.0", 53)
    client = world.hosts["a"].udp_bind("0.0.0.0")
    data = bytes(range(256)) * 20
    client.send(data, 0, ("10.0.2.2", 53))
    world.run(100)
    assert server.receive().data == data
    assert max(p.size for p in world.packets(bytes, "r")) <= 600


def test_a_datagram_that_may_not_be_cut_is_answered_and_the_next_one_fits() -> None:
    world = routed(far_mtu=1300)
    server = world.hosts["b"].udp_bind("0.0.0.0", 53)
    client = world.hosts["a"].udp_bind("0.0.0.0")
    client.errors.wanted = True
    client.send(bytes(1400), 0, ("10.0.2.2", 53))
    world.run(100)
    assert server.receive() is None
    assert client.errors.take_report().mtu == 1300
    client.send(bytes(1400), world.now_ns, ("10.0.2.2", 53))
    world.run(100)
    assert len(server.receive().data) == 1400


def test_ping_and_its_failures() -> None:
    world = routed()
    ping = world.hosts["a"].ping_open(7)
    for far, _any in FAMILIES:
        ping.send(far, 1, b"data", world.now_ns)
        world.run(20)
        pong = ping.receive()
        assert (pong.source, pong.sequence, pong.ttl) == (far, 1, 63)
        assert pong.message.body == b"data"
        ping.send(far, 2, b"data", world.now_ns, ttl=1)
        world.run(20)
        pong = ping.receive()
        assert pong.message.is_error
        assert pong.sequence == 2
    ping.send("10.0.2.99", 3, b"", world.now_ns)
    world.run(5000)
    assert ping.receive().message.name == "host unreachable"
    ping.close()


def test_echo_may_be_off() -> None:
    from firstbyte.protocols.ip.settings import HostSettings

    world = lan(settings=HostSettings(answer_echo=False))
    ping = world.hosts["a"].ping_open()
    ping.send("10.0.0.2", 1, b"", 0)
    world.run(100)
    assert ping.receive() is None


def test_errors_are_limited_in_number() -> None:
    world = lan()
    world.hosts["a"].transmitter.neighbors.add_permanent("eth0", "10.0.0.2", bytes(6))
    packet = Packet(Ipv4("10.0.0.1", "10.0.0.2", UDP), Datagram(1, 2, b"x"))
    for _ in range(200):
        world.hosts["b"].receive("eth0", packet, 0)
    world.run(10)
    assert len(world.packets(Icmpv4, "b")) == 50


def test_no_errors_about_errors_groups_and_broadcasts() -> None:
    world = lan()
    host = world.hosts["b"]
    for header, transport in (
        (Ipv4("10.0.0.1", "255.255.255.255", UDP), Datagram(1, 2, b"")),
        (Ipv4("10.0.0.1", "10.0.0.255", UDP), Datagram(1, 2, b"")),
        (Ipv4("0.0.0.0", "10.0.0.2", UDP), Datagram(1, 2, b"")),
        (Ipv4("224.0.0.1", "10.0.0.2", UDP), Datagram(1, 2, b"")),
        (Ipv4("10.0.0.1", "10.0.0.2", 1), Icmpv4(3, 3, 0, b"")),
    ):
        host.receive("eth0", Packet(header, transport), 0)
    world.run(100)
    assert world.packets(Icmpv4) == world.packets(Icmpv6) == []


def test_an_unknown_protocol_is_told() -> None:
    world = lan()
    world.hosts["b"].receive("eth0", Packet(Ipv4("10.0.0.1", "10.0.0.2", 99), b"data"), 0)
    world.run(100)
    assert world.packets(Icmpv4)[0].transport.name == "protocol unreachable"


def test_routes_are_chosen_by_length_then_metric_and_can_be_removed() -> None:
    host = lan().hosts["a"]
    host.add_interface("eth1", mac=bytes(6))
    host.add_address("eth1", "172.16.0.1", 24)
    host.add_route("192.0.2.0/24", "eth0", "10.0.0.2", metric=5)
    host.add_route("192.0.2.0/24", "eth1", "172.16.0.2", metric=1)
    host.add_route("192.0.2.128/25", "eth0", "10.0.0.2")
    assert host.source_for("192.0.2.1") == "172.16.0.1"
    assert host.source_for("192.0.2.200") == "10.0.0.1"
    host.remove_route("192.0.2.0/24", "eth1")
    assert host.source_for("192.0.2.1") == "10.0.0.1"
    with pytest.raises(UsageError):
        host.remove_route("192.0.2.0/24", "eth1")
    host.remove_address("eth0", "10.0.0.1")
    assert host.source_for("10.0.0.7") is None


def test_an_interface_that_is_down_carries_nothing() -> None:
    world = lan()
    host = world.hosts["a"]
    host.set_up("eth0", up=False)
    with pytest.raises(SocketError, match="ENETUNREACH"):
        host.tcp_connect(("10.0.0.2", 80), 0)
    host.receive("eth0", Packet(Ipv4("10.0.0.2", "10.0.0.1", UDP), Datagram(1, 2)), 0)
    world.run(1)
    assert world.drops() == ["interface_down"]
