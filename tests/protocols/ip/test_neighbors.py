"""ARP and neighbour discovery on a LAN."""

import pytest

from firstbyte.protocols.ip.arp import REPLY, REQUEST, Arp
from firstbyte.protocols.ip.icmpv6 import Icmpv6
from firstbyte.protocols.ip.neighbors import Reachability
from firstbyte.protocols.ip.notify import ENDED, ERROR, READABLE
from firstbyte.protocols.ip.settings import HostSettings
from firstbyte.protocols.socket_error import SocketError
from testbed.ip_world import MS, lan, mac_of

SECOND = 1000


def test_arp_asks_once_and_the_packet_follows() -> None:
    world = lan()
    server = world.hosts["b"].udp_bind("10.0.0.2", 53)
    client = world.hosts["a"].udp_bind("0.0.0.0")
    client.send(b"one", 0, ("10.0.0.2", 53))
    client.send(b"two", 0, ("10.0.0.2", 53))
    world.run(10)
    arps = [p for _, _, p in world.log if isinstance(p, Arp)]
    assert arps == [
        Arp(REQUEST, mac_of(1), "10.0.0.1", bytes(6), "10.0.0.2"),
        Arp(REPLY, mac_of(2), "10.0.0.2", mac_of(1), "10.0.0.1"),
    ]
    assert [server.receive().data for _ in range(2)] == [b"one", b"two"]
    # The one that was asked has learned, too: its answer needs no ARP.
    server.send(b"back", world.now_ns, client_address(client))
    world.run(10)
    assert sum(isinstance(p, Arp) for _, _, p in world.log) == 2
    assert client.receive().data == b"back"


def client_address(client) -> tuple[str, int]:
    return ("10.0.0.1", client.local[1])


def test_neighbour_discovery_does_the_same() -> None:
    world = lan()
    server = world.hosts["b"].udp_bind("2001:db8::2", 53)
    client = world.hosts["a"].udp_bind("::")
    client.send(b"one", 0, ("2001:db8::2", 53))
    world.run(10)
    messages = [(p.ip.source, p.ip.destination, p.transport.type) for p in world.packets(Icmpv6)]
    assert messages == [
        ("2001:db8::1", "ff02::1:ff00:2", 135),
        ("2001:db8::2", "2001:db8::1", 136),
    ]
    assert server.receive().data == b"one"


@pytest.mark.parametrize("address", ["10.0.0.9", "2001:db8::9"])
def test_silence_is_ehostunreach_after_three_probes(address: str) -> None:
    world = lan()
    host = world.hosts["a"]
    tcp = host.tcp_connect((address, 80), 0)
    udp = host.udp_bind("::" if ":" in address else "0.0.0.0")
    udp.connect((address, 53))
    udp.errors.wanted = True
    udp.send(b"x", 0)
    world.run(10 * SECOND)
    asked = [at for at, _, p in world.log if isinstance(p, Arp) or isinstance(p.transport, Icmpv6)]
    assert asked[:3] == [0, 1000 * MS, 2000 * MS]
    assert world.news_of(tcp) & ENDED
    assert tcp.error == "EHOSTUNREACH"
    assert world.news_of(udp) & ERROR
    with pytest.raises(SocketError, match="EHOSTUNREACH"):
        udp.receive()
    assert "neighbor_unreachable" in world.drops()


def test_the_queue_of_waiting_packets_is_bounded() -> None:
    world = lan(settings=HostSettings(neighbor_queue=3))
    server = world.hosts["b"].udp_bind("10.0.0.2", 53)
    client = world.hosts["a"].udp_bind("0.0.0.0")
    for number in range(9):
        client.send(bytes((number,)), 0, ("10.0.0.2", 53))
    world.run(10)
    assert [server.receive().data[0] for _ in range(3)] == [6, 7, 8]
    assert server.receive() is None
    assert world.drops() == ["neighbor_queue_full"] * 6


def test_a_stale_entry_is_used_and_asked_again() -> None:
    world = lan()
    server = world.hosts["b"].udp_bind("10.0.0.2", 53)
    client = world.hosts["a"].udp_bind("0.0.0.0")
    client.send(b"1", 0, ("10.0.0.2", 53))
    world.run(31 * SECOND)
    world.log.clear()
    client.send(b"2", world.now_ns, ("10.0.0.2", 53))
    world.run(10)
    asked = [p for _, name, p in world.log if isinstance(p, Arp) and name == "a"]
    assert len(asked) == 1
    assert world.log[0][2].transport.payload == b"2", "the packet does not wait"
    entry = world.hosts["a"].transmitter.neighbors.get("eth0", "10.0.0.2")
    assert entry.state is Reachability.REACHABLE
    assert [server.receive().data for _ in range(2)] == [b"1", b"2"]


def test_a_permanent_entry_is_never_asked_for() -> None:
    world = lan()
    world.hosts["a"].transmitter.neighbors.add_permanent("eth0", "10.0.0.2", mac_of(2))
    server = world.hosts["b"].udp_bind("10.0.0.2", 53)
    client = world.hosts["a"].udp_bind("0.0.0.0")
    client.send(b"1", 0, ("10.0.0.2", 53))
    world.run(100 * SECOND)
    client.send(b"2", world.now_ns, ("10.0.0.2", 53))
    world.run(10)
    assert not [p for _, name, p in world.log if isinstance(p, Arp) and name == "a"]
    assert world.news_of(server) & READABLE


def test_no_timer_is_left() -> None:
    world = lan()
    client = world.hosts["a"].udp_bind("0.0.0.0")
    client.send(b"1", 0, ("10.0.0.2", 53))
    client.send(b"1", 0, ("10.0.0.7", 53))
    world.run(100 * SECOND)
    assert world.hosts["a"].poll(world.now_ns).deadline_ns is None
    assert world.hosts["b"].poll(world.now_ns).deadline_ns is None
