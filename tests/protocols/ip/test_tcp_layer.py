"""TCP in a host: demultiplexing, listeners and their queues, ports, TIME-WAIT, loopback."""

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from firstbyte.events.tcp import Segment as SegmentEvent
from firstbyte.events.tcp import StateChanged
from firstbyte.protocols.ip.host import Host
from firstbyte.protocols.ip.notify import ACCEPTABLE, CONNECTED, ENDED, READABLE, WRITABLE
from firstbyte.protocols.ip.settings import HostSettings
from firstbyte.protocols.ip.tcp_sockets import TcpListener, TcpSocket
from firstbyte.protocols.socket_error import SocketError
from firstbyte.protocols.tcp.config import TcpConfig
from firstbyte.protocols.tcp.segment import ACK, RST, SYN, Segment
from firstbyte.protocols.tcp.states import State
from testbed.ip_world import World, lan, routed

B = "10.0.0.2"


def connected(world: World, address: str = B) -> tuple[TcpSocket, TcpSocket, TcpListener]:
    listener = world.hosts["b"].tcp_listen(address, 80)
    client = world.hosts["a"].tcp_connect((address, 80), world.now_ns)
    world.run(10)
    server = listener.accept()
    assert server is not None
    return client, server, listener


@pytest.mark.parametrize("address", [B, "2001:db8::2"])
def test_a_conversation(address: str) -> None:
    world = lan()
    client, server, listener = connected(world, address)
    assert world.news_of(client) == CONNECTED
    assert world.news_of(listener) == ACCEPTABLE
    assert server.remote == client.local
    client.write(b"question")
    client.shutdown(world.now_ns)
    world.run(10)
    assert server.read() == b"question"
    assert server.at_eof
    server.write(b"answer")
    server.close(world.now_ns)
    world.run(10)
    assert client.read() == b"answer"
    assert client.at_eof
    client.close(world.now_ns)
    assert client.state is State.TIME_WAIT
    assert server.state is State.CLOSED
    world.run(60_000)
    assert world.news_of(client) & ENDED
    for host in world.hosts.values():
        assert host.tcp.connections == {}
        assert host.poll(world.now_ns).deadline_ns is None


def test_a_closed_port_refuses_at_once() -> None:
    world = lan()
    client = world.hosts["a"].tcp_connect((B, 81), 0)
    world.run(10)
    assert client.error == "ECONNREFUSED"
    assert [p.transport.flags for p in world.packets(Segment, "b")] == [RST | ACK]


def test_silence_times_out_after_127_seconds() -> None:
    world = lan()
    world.lose = lambda p: (
        p is not None and getattr(getattr(p, "transport", None), "flags", 0) == SYN
    )
    client = world.hosts["a"].tcp_connect((B, 80), 0)
    world.run(126_000)
    assert client.state is State.SYN_SENT
    world.run(2_000)
    assert client.error == "ETIMEDOUT"
    assert len(world.packets(Segment)) == 7


def test_loopback_needs_no_interface() -> None:
    host = Host("alone", secret=bytes(16))
    for listen, connect in (("127.0.0.1", "127.0.0.1"), ("::1", "::1"), ("0.0.0.0", "127.8.8.8")):
        listener = host.tcp_listen(listen, 80)
        client = host.tcp_connect((connect, 80), 0)
        polled = host.poll(0)
        assert polled.outgoing == []
        assert {socket for socket, _ in polled.news} == {client, listener}
        server = listener.accept()
        server.write(bytes(200_000))
        got = b""
        while host.poll(0).news:
            got += client.read()
        assert got == bytes(200_000)
        assert client.info().advmss_bytes == (65_475 if ":" in connect else 65_495)
        listener.close(0)


def test_connecting_to_an_unspecified_address_means_this_host() -> None:
    host = Host("alone", secret=bytes(16))
    listener = host.tcp_listen("127.0.0.1", 80)
    host.tcp_connect(("0.0.0.0", 80), 0)
    host.poll(0)
    assert listener.accept() is not None


class TestQueues:
    """Linux's behaviour when nobody accepts."""

    def world(self, backlog: int, **settings: bool) -> tuple[World, TcpListener]:
        world = World()
        for number, name in enumerate("ab", 1):
            host = world.host(name, HostSettings(**settings))
            host.add_interface("eth0")
            host.add_address("eth0", f"10.0.0.{number}", 24)
        world.cable(("a", "eth0"), ("b", "eth0"))
        return world, world.hosts["b"].tcp_listen(B, 80, backlog=backlog)

    def connect(self, world: World, count: int) -> list[TcpSocket]:
        return [world.hosts["a"].tcp_connect((B, 80), world.now_ns) for _ in range(count)]

    def test_the_accept_queue_holds_one_more_than_the_backlog(self) -> None:
        world, listener = self.world(2)
        for _ in range(6):
            self.connect(world, 1)
            world.run(10)
        assert len(listener.queue) == 3
        assert listener.overflows == 3
        assert world.drops() == ["accept_queue_full"] * 3
        # Room is made: the SYN that comes again after a second gets in.
        listener.accept()
        world.run(1100)
        assert len(listener.queue) == 3

    def test_syns_beyond_the_backlog_are_dropped(self) -> None:
        world, listener = self.world(2)
        self.connect(world, 5)
        world.run(1.5)
        assert listener.half_open == 2
        assert world.drops() == ["syn_queue_full"] * 3

    def last_ack_meets_a_full_queue(self, **settings: bool) -> tuple[World, TcpSocket]:
        world, listener = self.world(2, **settings)
        first = self.connect(world, 2)
        world.run(10)
        assert [s.state for s in first] == [State.ESTABLISHED] * 2
        # Two more SYNs pass, and both last ACKs come when only one place is left.
        late = self.connect(world, 2)
        world.run(10)
        assert len(listener.queue) == 3
        assert [s.state for s in late] == [State.ESTABLISHED] * 2 or settings
        return world, late[1]

    def test_the_last_ack_is_dropped_and_the_syn_ack_comes_again(self) -> None:
        world, client = self.last_ack_meets_a_full_queue()
        listener = world.hosts["b"].tcp.listeners[B, 80][0]
        assert listener.half_open == 1
        listener.accept()
        world.run(1500)
        assert listener.half_open == 0
        assert len(listener.queue) == 3
        assert client.state is State.ESTABLISHED

    def test_or_reset_if_the_host_is_set_so(self) -> None:
        _world, client = self.last_ack_meets_a_full_queue(abort_on_overflow=True)
        assert client.error == "ECONNRESET"

    def test_a_flood_of_syns_ends_by_itself(self) -> None:
        world, listener = self.world(100)
        for port in range(300):
            syn = Segment(port + 1, 80, 7, 0, SYN, 1000)
            world.hosts["b"].receive("eth0", packet_to_b(syn), 0)
        world.run(1)
        assert listener.half_open == 100
        world.lose = lambda _p: True
        world.run(64_000)
        assert listener.half_open == 0
        assert world.hosts["b"].tcp.connections == {}

    def test_closing_the_listener_resets_what_waits(self) -> None:
        world, listener = self.world(5)
        clients = self.connect(world, 3)
        world.run(10)
        listener.close(world.now_ns)
        listener.close(world.now_ns)
        world.run(10)
        assert [s.error for s in clients] == ["ECONNRESET"] * 3
        assert world.hosts["b"].tcp.connections == {}


def packet_to_b(segment: Segment):
    from firstbyte.protocols.ip.ipv4 import Ipv4
    from firstbyte.protocols.ip.packet import TCP, Packet

    return Packet(Ipv4("10.0.0.1", B, TCP), segment)


class TestPorts:
    def test_ephemeral_ports_are_in_linux_range_and_differ(self) -> None:
        host = lan().hosts["a"]
        ports = [host.tcp_connect((B, 80), 0).local[1] for _ in range(50)]
        assert len(set(ports)) == 50
        assert all(32768 <= port <= 60999 for port in ports)

    def test_they_run_out_for_one_destination_only(self) -> None:
        world = lan(settings=HostSettings(ephemeral_ports=(40000, 40009)))
        host = world.hosts["a"]
        assert {host.tcp_connect((B, 80), 0).local[1] for _ in range(10)} == set(
            range(40000, 40010)
        )
        with pytest.raises(SocketError, match="EADDRNOTAVAIL"):
            host.tcp_connect((B, 80), 0)
        host.tcp_connect((B, 81), 0)

    def test_two_listeners_cannot_share_a_port(self) -> None:
        host = lan().hosts["a"]
        host.tcp_listen("0.0.0.0", 80)
        for address in ("0.0.0.0", "10.0.0.1", "127.0.0.1"):
            with pytest.raises(SocketError, match="EADDRINUSE"):
                host.tcp_listen(address, 80)
        host.tcp_listen("::", 80)

    def test_unless_both_share_it_by_reuseport(self) -> None:
        world = lan()
        host = world.hosts["b"]
        both = [host.tcp_listen(B, 80, reuse_port=True) for _ in range(2)]
        with pytest.raises(SocketError, match="EADDRINUSE"):
            host.tcp_listen(B, 80)
        for _ in range(40):
            world.hosts["a"].tcp_connect((B, 80), 0)
        world.run(10)
        counts = [len(listener.queue) for listener in both]
        assert sum(counts) == 40
        assert min(counts) > 5

    def test_a_server_restarts_in_time_wait_only_with_reuseaddr(self) -> None:
        world = lan()
        client, server, listener = connected(world)
        server.close(world.now_ns)
        world.run(10)
        client.close(world.now_ns)
        world.run(10)
        assert server.state is State.TIME_WAIT
        listener.close(world.now_ns)
        with pytest.raises(SocketError, match="EADDRINUSE"):
            world.hosts["b"].tcp_listen(B, 80, reuse_address=False)
        world.hosts["b"].tcp_listen(B, 80)

    def test_only_our_addresses_can_be_bound(self) -> None:
        host = lan().hosts["a"]
        for bind in (host.tcp_listen, host.udp_bind):
            with pytest.raises(SocketError, match="EADDRNOTAVAIL"):
                bind("10.0.0.99", 80)
        with pytest.raises(SocketError, match="EADDRNOTAVAIL"):
            host.tcp_connect((B, 80), 0, local=("10.0.0.99", 0))

    def test_a_chosen_local_port(self) -> None:
        host = lan().hosts["a"]
        assert host.tcp_connect((B, 80), 0, local=("0.0.0.0", 1234)).local == ("10.0.0.1", 1234)
        with pytest.raises(SocketError, match="EADDRNOTAVAIL"):
            host.tcp_connect((B, 80), 0, local=("0.0.0.0", 1234))

    def test_port_0_takes_a_free_one(self) -> None:
        host = lan().hosts["a"]
        ports = {host.tcp_listen("0.0.0.0", 0).local[1] for _ in range(20)}
        assert len(ports) == 20


class TestTimeWait:
    def closed_by_client(self, **settings: bool) -> tuple[World, TcpSocket, tuple[str, int]]:
        world = lan(settings=HostSettings(**settings))
        client, server, _ = connected(world)
        client.close(world.now_ns)
        world.run(10)
        server.close(world.now_ns)
        world.run(10)
        assert client.state is State.TIME_WAIT
        return world, client, client.local

    def test_it_blocks_its_four_tuple(self) -> None:
        world, _client, local = self.closed_by_client()
        with pytest.raises(SocketError, match="EADDRNOTAVAIL"):
            world.hosts["a"].tcp_connect((B, 80), world.now_ns, local=local)

    def test_it_may_be_taken_over_after_a_second(self) -> None:
        world, client, local = self.closed_by_client(reuse_time_wait=True)
        old_number = client.connection.sender.nxt
        world.run(2000)
        again = world.hosts["a"].tcp_connect((B, 80), world.now_ns, local=local)
        world.run(10)
        assert again.state is State.ESTABLISHED
        assert again.connection.sender.iss == (old_number + 65537) % 2**32

    def test_a_new_syn_ends_it_at_the_server(self) -> None:
        world = lan()
        client, server, _listener = connected(world)
        server.close(world.now_ns)
        world.run(10)
        client.close(world.now_ns)
        world.run(10)
        assert server.state is State.TIME_WAIT
        world.run(5)
        again = world.hosts["a"].tcp_connect((B, 80), world.now_ns, local=client.local)
        world.run(10)
        assert again.state is State.ESTABLISHED


def test_a_full_send_buffer_tells_when_there_is_room() -> None:
    world = lan()
    config = TcpConfig(send_buffer_bytes=10_000)
    world.hosts["b"].tcp_listen(B, 80)
    client = world.hosts["a"].tcp_connect((B, 80), 0, config=config)
    world.run(10)
    assert client.write(bytes(50_000)) == 10_000
    world.run(10)
    assert world.news_of(client) & WRITABLE
    assert client.writable_bytes == 10_000
    assert client.unsent_bytes == 0


def test_reset_is_an_error_for_reader_and_writer() -> None:
    world = lan()
    client, server, _ = connected(world)
    server.write(b"last words")
    world.run(10)
    server.abort(world.now_ns)
    world.run(10)
    assert world.news_of(client) & READABLE
    assert client.error == "ECONNRESET"
    assert client.read() == b"last words"
    for use in (client.read, lambda: client.write(b"x")):
        with pytest.raises(SocketError, match="ECONNRESET"):
            use()


def test_tracing_tells_segments_and_states() -> None:
    world = lan()
    world.hosts["a"].tracing = True
    client, _server, _ = connected(world)
    client.label = "tcp1"
    told = [(e.direction, e.what) for e in world.events if e.socket is client]
    flags = [(d, w.flags) for d, w in told if isinstance(w, SegmentEvent)]
    assert flags == [("sent", "SYN"), ("received", "SYN ACK"), ("sent", "ACK")]
    assert [w.new for _, w in told if isinstance(w, StateChanged)] == ["SYN-SENT", "ESTABLISHED"]
    syn = next(w for _, w in told if isinstance(w, SegmentEvent))
    assert (syn.seq, syn.options.mss, syn.options.window_scale) == (0, 1460, 7)


def test_no_events_without_tracing() -> None:
    world = lan()
    connected(world)
    assert world.events == []


def test_a_dual_listener_takes_both_families() -> None:
    world = lan()
    listener = world.hosts["b"].tcp_listen("::", 80, dual=True)
    world.hosts["a"].tcp_connect((B, 80), 0)
    world.hosts["a"].tcp_connect(("2001:db8::2", 80), 0)
    world.run(10)
    assert len(listener.queue) == 2


def test_icmp_about_a_number_that_is_not_in_flight_is_not_believed() -> None:
    """RFC 5927, section 4.1."""
    from firstbyte.protocols.ip.icmp_errors import port_unreachable
    from firstbyte.protocols.ip.ipv4 import Ipv4
    from firstbyte.protocols.ip.packet import TCP, Packet

    world = lan()
    client = world.hosts["a"].tcp_connect((B, 80), 0)
    world.hosts["a"].poll(0)
    iss = client.connection.sender.iss
    for number, state in ((iss + 5, State.SYN_SENT), (iss, State.CLOSED)):
        segment = Segment(client.local[1], 80, number % 2**32, 0, SYN, 0)
        quoted = Packet(Ipv4("10.0.0.1", B, TCP), segment)
        error = Packet(Ipv4(B, "10.0.0.1", 1), port_unreachable(quoted))
        world.hosts["a"].receive("eth0", error, 0)
        world.hosts["a"].poll(0)
        assert client.state is state


@settings(max_examples=25, deadline=None)
@given(st.randoms(use_true_random=False), st.floats(0, 0.2), st.integers(0, 60_000))
def test_lossy_hosts_deliver_everything_and_forget(rng, loss: float, size: int) -> None:
    world = routed()
    data = rng.randbytes(size)
    listener = world.hosts["b"].tcp_listen("0.0.0.0", 80)
    client = world.hosts["a"].tcp_connect(("10.0.2.2", 80), 0)
    world.lose = lambda _packet: rng.random() < loss
    got = bytearray()
    for server in accepted(world, listener):
        left = memoryview(data)
        while not server.at_eof and client.error is None and server.error is None:
            if client.state is State.ESTABLISHED and not client.connection.sender.fin_queued:
                left = left[client.write(left) :]
                if not left:
                    client.shutdown(world.now_ns)
            world.run(500)
            got += server.connection.read()
        server.close(world.now_ns)
        assert bytes(got) == data or client.error or server.error
    client.close(world.now_ns)
    listener.close(world.now_ns)
    world.run(3_000_000)
    for host in world.hosts.values():
        assert host.tcp.connections == {}
        assert host.poll(world.now_ns).deadline_ns is None


def accepted(world: World, listener: TcpListener) -> Iterator[TcpSocket]:
    """The one connection, if it comes to be within the time of all retries."""
    for _ in range(300):
        socket = listener.accept()
        if socket is not None:
            yield socket
            return
        world.run(500)


def test_settings_reach_the_connections() -> None:
    world = lan(settings=HostSettings(tcp=replace(TcpConfig(), congestion="newreno")))
    client, server, _ = connected(world)
    assert client.connection.recovery.congestion.name == "newreno"
    assert server.info().state == "ESTABLISHED"
