"""UDP in a host: who gets which datagram, bounds, broadcasts, asynchronous errors."""

import pytest

from firstbyte.protocols.ip.host import Host
from firstbyte.protocols.ip.notify import READABLE
from firstbyte.protocols.ip.settings import HostSettings
from firstbyte.protocols.socket_error import SocketError
from testbed.ip_world import lan, mac_of

B = "10.0.0.2"


def test_the_most_precise_socket_gets_the_datagram() -> None:
    world = lan()
    host = world.hosts["b"]
    wide = host.udp_bind("0.0.0.0", 53, reuse_port=True)
    exact = host.udp_bind(B, 53, reuse_port=True)
    peer = host.udp_bind(B, 53, reuse_port=True)
    client = world.hosts["a"].udp_bind("10.0.0.1", 1000)
    other = world.hosts["a"].udp_bind("10.0.0.1", 1001)
    peer.connect(("10.0.0.1", 1000))
    client.send(b"to the connected one", 0, (B, 53))
    other.send(b"to the exact one", 0, (B, 53))
    world.run(10)
    assert peer.receive().data == b"to the connected one"
    assert exact.receive().data == b"to the exact one"
    exact.close()
    other.send(b"to the wide one", world.now_ns, (B, 53))
    world.run(10)
    assert wide.receive().data == b"to the wide one"
    assert world.news_of(wide) == READABLE


def test_the_buffer_is_bounded_and_drops_are_told() -> None:
    world = lan(settings=HostSettings(udp_buffer_bytes=5000))
    server = world.hosts["b"].udp_bind(B, 53)
    client = world.hosts["a"].udp_bind("0.0.0.0")
    for _ in range(20):
        client.send(bytes(100), 0, (B, 53))
    world.run(10)
    assert len(server.queue) == 8
    assert world.drops() == ["udp_buffer_full"] * 12
    while server.receive() is not None:
        pass
    assert server.queued_bytes == 0


def test_broadcast_without_an_address_as_dhcp_needs_it() -> None:
    world = lan()
    newcomer = world.host("c")
    newcomer.add_interface("eth0", mac=mac_of(9))
    world.cables[0].append(("c", "eth0"))
    servers = [world.hosts[name].udp_bind("0.0.0.0", 67) for name in "ab"]
    client = newcomer.udp_bind("0.0.0.0", 68)
    with pytest.raises(SocketError, match="EACCES"):
        client.send(b"discover", 0, ("255.255.255.255", 67))
    client.broadcast = True
    client.interface = "eth0"
    client.send(b"discover", 0, ("255.255.255.255", 67))
    world.run(10)
    for server in servers:
        received = server.receive()
        assert received.data == b"discover"
        assert received.source == ("0.0.0.0", 68)
        assert received.destination == "255.255.255.255"
    servers[0].broadcast = True
    servers[0].interface = "eth0"
    servers[0].send(b"offer", world.now_ns, ("255.255.255.255", 68))
    world.run(10)
    assert client.receive().data == b"offer"


def test_subnet_broadcast_reaches_all() -> None:
    world = lan()
    server = world.hosts["b"].udp_bind("0.0.0.0", 5000)
    client = world.hosts["a"].udp_bind("0.0.0.0")
    client.broadcast = True
    client.send(b"anybody?", 0, ("10.0.0.255", 5000))
    world.run(10)
    assert server.receive().data == b"anybody?"


def test_loopback() -> None:
    host = Host("alone", secret=bytes(16))
    server = host.udp_bind("127.0.0.1", 53)
    client = host.udp_bind("127.0.0.1")
    client.send(b"x", 0, ("127.0.0.1", 53))
    assert host.poll(0).news == [(server, READABLE)]
    assert server.receive().source == client.local


def test_mistakes_have_linux_names() -> None:
    host = lan().hosts["a"]
    socket = host.udp_bind("0.0.0.0", 5000)
    with pytest.raises(SocketError, match="EDESTADDRREQ"):
        socket.send(b"x", 0)
    with pytest.raises(SocketError, match="EMSGSIZE"):
        socket.send(bytes(65_508), 0, (B, 1))
    with pytest.raises(SocketError, match="ENETUNREACH"):
        socket.send(b"x", 0, ("192.0.2.1", 1))
    with pytest.raises(SocketError, match="EADDRINUSE"):
        host.udp_bind("10.0.0.1", 5000)
    socket.close()
    socket.close()
    host.udp_bind("10.0.0.1", 5000)


def test_a_connected_socket_hears_only_its_peer() -> None:
    world = lan()
    socket = world.hosts["b"].udp_bind("0.0.0.0", 53)
    socket.connect(("10.0.0.1", 1000))
    assert socket.local == (B, 53)
    world.hosts["a"].udp_bind("10.0.0.1", 1001).send(b"stranger", 0, (B, 53))
    world.hosts["a"].udp_bind("10.0.0.1", 1000).send(b"peer", 0, (B, 53))
    world.run(10)
    assert socket.receive().data == b"peer"
    assert socket.receive() is None
