"""What routers and hosts say by ICMP, and what programs get to know of it.

The tables of errors were measured on Linux 6.18, with three network namespaces in a row.
"""

import asyncio
import errno
import socket
import struct

import pytest

from firstbyte.protocols.ip.icmpv4 import Icmpv4
from firstbyte.protocols.ip.icmpv6 import Icmpv6
from firstbyte.sim import Internet
from firstbyte.sim.machines import Firewall, Policy, Switch
from firstbyte.sim.rules import DROP

SERVER = {4: "198.51.100.1", 6: "2001:db8:2::1"}
SILENT = {4: "198.51.100.77", 6: "2001:db8:2::77"}
NOWHERE = {4: "203.0.113.9", 6: "2001:db8:9::1"}
BANNED = {4: "203.0.113.2", 6: "2001:db8:3::2"}
FAMILIES = {4: socket.AF_INET, 6: socket.AF_INET6}
OPTIONS = {
    4: {"level": socket.IPPROTO_IP, "ttl": socket.IP_TTL, "errors": 11, "discover": 10, "mtu": 14},
    6: {
        "level": socket.IPPROTO_IPV6,
        "ttl": socket.IPV6_UNICAST_HOPS,
        "errors": 25,
        "discover": 23,
        "mtu": 24,
    },
}
DONT, WANT, DO, PROBE = range(4)
both = pytest.mark.parametrize("version", [4, 6])


@pytest.fixture
def way():
    """client ── router ── switch ── server; the far side speaks ARP and ND."""
    with Internet(seed=7) as internet:
        client = internet.host("client", addresses=["192.0.2.1", "2001:db8:1::1"])
        router = internet.host(
            "router", addresses=["192.0.2.254", "2001:db8:1::fe"], forwarding=True
        )
        server = internet.host("server", addresses=["198.51.100.1/24", "2001:db8:2::1/64"])
        switch = Switch(internet, "switch")
        internet.link(client, router, rtt_s=0.010)
        internet.link(router, switch, rtt_s=0.010)
        internet.link(switch, server, rtt_s=0.010)
        router.add_address("198.51.100.254/24", "eth1")
        router.add_address("2001:db8:2::fe/64", "eth1")
        server.add_route("0.0.0.0/0", "eth0", "198.51.100.254")
        server.add_route("::/0", "eth0", "2001:db8:2::fe")
        yield internet


def run(internet, program, name="client"):
    return internet.run(until=internet.hosts[name].run(program), limit_s=10_000)


def open_socket(version, kind=socket.SOCK_DGRAM, proto=0, **options):
    sock = socket.socket(FAMILIES[version], kind, proto)
    sock.setblocking(False)
    known = OPTIONS[version]
    for name, value in options.items():
        sock.setsockopt(known["level"], known[name], value)
    return sock


def get(sock, version, name):
    return sock.getsockopt(OPTIONS[version]["level"], OPTIONS[version][name])


def pending(sock):
    return errno.errorcode.get(sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR))


def sent(sock, size):
    """None, or the errno that sending so many bytes gives."""
    try:
        return None if sock.send(bytes(size)) == size else "short"
    except OSError as error:
        return errno.errorcode[error.errno]


# --- errors --------------------------------------------------------------------------------------

TROUBLES = [
    (NOWHERE, 64, {4: (None, "ENETUNREACH"), 6: (None, "ENETUNREACH")}),
    (BANNED, 64, {4: ("EHOSTUNREACH", "EHOSTUNREACH"), 6: ("EACCES", "EACCES")}),
    (SILENT, 64, {4: (None, "EHOSTUNREACH"), 6: (None, "EHOSTUNREACH")}),
    (SERVER, 64, {4: ("ECONNREFUSED", "ECONNREFUSED"), 6: ("ECONNREFUSED", "ECONNREFUSED")}),
    (SERVER, 1, {4: (None, "EHOSTUNREACH"), 6: (None, "EHOSTUNREACH")}),
]
TROUBLE_IDS = ["no net", "prohibited", "nobody answers ARP", "closed port", "TTL"]


@both
@pytest.mark.parametrize(("targets", "ttl", "expected"), TROUBLES, ids=TROUBLE_IDS)
def test_udp_and_tcp_learn_what_linux_tells_them(way, version, targets, ttl, expected):
    Firewall(way.hosts["router"], [Policy("reject", target=BANNED[version])])

    async def datagram():
        with open_socket(version, ttl=ttl) as sock:
            sock.connect((targets[version], 9))
            sock.send(b"x")
            await asyncio.sleep(4)
            return pending(sock)

    async def connection():
        with open_socket(version, socket.SOCK_STREAM, ttl=ttl) as sock:
            loop = asyncio.get_running_loop()
            with pytest.raises(OSError, match=r"Connect call failed") as caught:
                await loop.sock_connect(sock, (targets[version], 9))
            return errno.errorcode[caught.value.errno]

    assert (run(way, datagram()), run(way, connection())) == expected[version]


@both
def test_an_unconnected_socket_is_told_nothing(way, version):
    async def send():
        with open_socket(version) as sock:
            sock.sendto(b"x", (SERVER[version], 9))
            await asyncio.sleep(1)
            return pending(sock)

    assert run(way, send()) is None


@both
def test_the_error_queue_tells_all(way, version):
    async def send():
        queue = []
        with open_socket(version, ttl=1, errors=1) as sock:
            with pytest.raises(BlockingIOError):
                sock.recvmsg(100, 512, socket.MSG_ERRQUEUE)
            sock.sendto(b"one", (SERVER[version], 33434))
            sock.sendto(b"two", (SERVER[version], 33435))
            await asyncio.sleep(1)
            with pytest.raises(OSError, match="No route to host") as caught:
                sock.recv(100)
            assert caught.value.errno == errno.EHOSTUNREACH
            queue.append(sock.recvmsg(2, 512, socket.MSG_ERRQUEUE))
            # The next of the queue is pending again.
            assert pending(sock) == "EHOSTUNREACH"
            queue.append(sock.recvmsg(100, 512, socket.MSG_ERRQUEUE))
            assert pending(sock) is None
        return queue

    first, second = run(way, send())
    data, ((level, kind, told),), flags, address = first
    assert (data, second[0]) == (b"on", b"two")
    assert address[:2] == (SERVER[version], 33434)
    assert flags == socket.MSG_ERRQUEUE
    assert (level, kind) == (OPTIONS[version]["level"], OPTIONS[version]["errors"])
    # Octet for octet what Linux gave.
    router = {4: "02000000c00002fe", 6: "0a0000000000000020010db80001000000000000000000fe"}
    head = {4: "71000000020b0000", 6: "7100000003030000"}
    padding = {4: bytes(8), 6: bytes(4)}
    expected = bytes.fromhex(head[version]) + bytes(8) + bytes.fromhex(router[version])
    assert told == expected + padding[version]


# --- traceroute and ping -------------------------------------------------------------------------


def echo(version, sequence, data=b"ping"):
    return struct.pack("!BBHHH", 128 if version == 6 else 8, 0, 0, 0xBAD, sequence) + data


def ping_socket(version, **options):
    proto = socket.IPPROTO_ICMPV6 if version == 6 else socket.IPPROTO_ICMP
    return open_socket(version, proto=proto, **options)


async def hop(sock, version, ttl, probe, port):
    """Who answers a probe with this TTL, and how."""
    known = OPTIONS[version]
    sock.setsockopt(known["level"], known["ttl"], ttl)
    sock.sendto(probe, (SERVER[version], port))
    await asyncio.sleep(1)
    try:
        _, ((_, _, told),), _, _ = sock.recvmsg(100, 512, socket.MSG_ERRQUEUE)
    except BlockingIOError:
        return sock.recvfrom(100)[1][0], "answer"
    offender = told[20:24] if version == 4 else told[24:40]
    return socket.inet_ntop(FAMILIES[version], offender), (told[5], told[6])


@both
def test_a_traceroute_by_udp(way, version):
    async def trace():
        with open_socket(version, errors=1) as sock:
            return [await hop(sock, version, ttl, b"probe", 33433 + ttl) for ttl in (1, 2)]

    router = {4: ("192.0.2.254", (11, 0)), 6: ("2001:db8:1::fe", (3, 0))}
    port = {4: (3, 3), 6: (1, 4)}
    assert run(way, trace()) == [router[version], (SERVER[version], port[version])]


@both
def test_a_traceroute_by_ping_socket(way, version):
    async def trace():
        with ping_socket(version, errors=1) as sock:
            return [await hop(sock, version, ttl, echo(version, ttl), 0) for ttl in (1, 2)]

    router = {4: ("192.0.2.254", (11, 0)), 6: ("2001:db8:1::fe", (3, 0))}
    assert run(way, trace()) == [router[version], (SERVER[version], "answer")]


@both
def test_a_ping_socket_writes_its_number_and_the_checksum(way, version):
    async def ping():
        with ping_socket(version) as sock:
            assert sock.getsockname()[1] == 0
            loop = asyncio.get_running_loop()
            began = loop.time()
            await loop.sock_sendto(sock, echo(version, 7, bytes(2000)), (SERVER[version], 0))
            data, sender = await loop.sock_recvfrom(sock, 9000)
            return data, sender, sock.getsockname()[1], loop.time() - began

    data, sender, number, took_s = run(way, ping())
    kind, code, _, identifier, sequence = struct.unpack_from("!BBHHH", data)
    assert (kind, code, identifier, sequence) == (129 if version == 6 else 0, 0, number, 7)
    assert len(data) == 2008
    assert sender[:2] == (SERVER[version], 0)
    # The router and the server ask for each other's MAC on the way there: 20 ms, once.
    assert took_s == pytest.approx(0.050)


@both
def test_mistakes_with_ping_sockets_have_linux_numbers(way, version):
    async def mistakes():
        found = {}
        any_address = {4: "0.0.0.0", 6: "::"}[version]
        with ping_socket(version) as sock, ping_socket(version) as other:
            calls = {
                "a reply": lambda: sock.sendto(b"\0" + echo(version, 1)[1:], (SERVER[version], 0)),
                "short": lambda: sock.sendto(echo(version, 1)[:7], (SERVER[version], 0)),
                "code": lambda: sock.sendto(echo(version, 1)[:1] + b"\1" * 7, (SERVER[version], 0)),
                "nobody": lambda: sock.send(echo(version, 1)),
                "not connected": lambda: sock.shutdown(socket.SHUT_WR),
                "too long": lambda: sock.sendto(
                    echo(version, 1, bytes(65_600)), (SERVER[version], 0)
                ),
                "no address": lambda: other.bind((NOWHERE[version], 0)),
                "bind": lambda: other.bind((any_address, 999)),
                "again": lambda: other.bind((any_address, 998)),
                "connect": lambda: other.connect((SERVER[version], 0)),
                "peer": other.getpeername,
            }
            for name, call in calls.items():
                try:
                    call()
                except OSError as error:
                    found[name] = errno.errorcode[error.errno]
            found["number"] = other.getsockname()[1]
            found["protocol"] = other.getsockopt(socket.SOL_SOCKET, socket.SO_PROTOCOL)
        return found

    assert run(way, mistakes()) == {
        "a reply": "EINVAL",
        "short": "EINVAL",
        "code": "EINVAL",
        "nobody": "EDESTADDRREQ",
        "not connected": "ENOTCONN",
        "too long": "EMSGSIZE",
        "no address": "EADDRNOTAVAIL",
        "again": "EINVAL",
        "peer": "ENOTCONN",
        "number": 999,
        "protocol": 58 if version == 6 else 1,
    }


def test_a_ping_socket_of_the_other_family_is_refused(way):
    async def make():
        with pytest.raises(OSError, match="Protocol not supported"):
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMPV6)

    run(way, make())


# --- the path's MTU ------------------------------------------------------------------------------


def narrow(internet, mtu=1300):
    """The way between router and server takes less than what comes before."""
    for link in internet.links[1:]:
        link.set(mtu=mtu)
    for name, interface in (("router", "eth1"), ("server", "eth0")):
        internet.hosts[name].kernel.stack.interfaces[interface].mtu = mtu


SEND_TABLE = {
    # mode: (pending after the first 1,400 bytes, IP_MTU then, sending them again, then 1,600)
    (4, WANT): ("EMSGSIZE", 1300, None, None),
    (4, DO): ("EMSGSIZE", 1300, "EMSGSIZE", "EMSGSIZE"),
    (4, DONT): ("ECONNREFUSED", 1500, None, None),
    (4, PROBE): ("EMSGSIZE", 1300, None, "EMSGSIZE"),
    (6, WANT): ("EMSGSIZE", 1300, None, None),
    (6, DO): ("EMSGSIZE", 1300, "EMSGSIZE", "EMSGSIZE"),
    (6, DONT): (None, 1300, None, None),
    (6, PROBE): ("EMSGSIZE", 1300, None, "EMSGSIZE"),
}


@pytest.mark.parametrize(("version", "mode"), SEND_TABLE)
def test_udp_and_the_paths_mtu_as_linux(way, version, mode):
    narrow(way)

    async def send():
        with open_socket(version, discover=mode) as sock:
            with pytest.raises(OSError, match="not connected"):
                get(sock, version, "mtu")
            sock.connect((SERVER[version], 9))
            assert get(sock, version, "mtu") == 1500
            assert sent(sock, 1400) is None
            await asyncio.sleep(1)
            said, mtu = pending(sock), get(sock, version, "mtu")
            again = sent(sock, 1400)
            await asyncio.sleep(1)
            pending(sock)
            return said, mtu, again, sent(sock, 1600)

    assert run(way, send()) == SEND_TABLE[version, mode]


async def serve_bytes(any_address):
    received = []

    async def take(reader, writer):
        try:
            while data := await reader.read(65_536):
                received.append(len(data))
        finally:
            writer.transport.abort()

    return await asyncio.start_server(take, any_address, 80), received


async def send_all(address, size):
    _, writer = await asyncio.open_connection(address, 80)
    writer.write(bytes(size))
    await writer.drain()
    writer.close()
    await writer.wait_closed()


@both
def test_tcp_finds_the_paths_mtu(way, version):
    """The server offers an MSS that fits its link; the client's way back must find it out."""
    narrow(way)
    _, received = run(way, serve_bytes("0.0.0.0" if version == 4 else "::"), "server")
    # As if a tunnel in the middle took 1,280 bytes: no end sees that.
    for link in way.links[1:2]:
        link.set(mtu=1280)
    way.hosts["router"].kernel.stack.interfaces["eth1"].mtu = 1280
    run(way, send_all(SERVER[version], 200_000))
    way.run(5)
    assert sum(received) == 200_000
    packets = way.capture(way.hosts["client"]).packets
    told = [p.transport for p in packets if isinstance(p.transport, Icmpv4 | Icmpv6)]
    assert told
    assert all((one.mtu if version == 4 else one.argument) == 1280 for one in told)
    assert way.time_s < 10


@both
def test_a_black_hole_takes_big_segments_and_lets_small_ones_through(way, version):
    """Somebody drops all ICMP: the handshake succeeds, and then nothing moves any more."""
    _, received = run(way, serve_bytes("0.0.0.0" if version == 4 else "::"), "server")
    way.links[1].set(mtu=1280)
    way.hosts["router"].kernel.stack.interfaces["eth1"].mtu = 1280

    def hide(transit):
        packet = transit.packet
        hidden = packet is not None and isinstance(packet.transport, Icmpv4 | Icmpv6)
        return DROP if hidden and packet.transport.is_error else None

    way.links[0].rule(hide)
    run(way, send_all(SERVER[version], 1000))
    way.run(5)
    assert sum(received) == 1000

    async def stuck():
        reader, writer = await asyncio.open_connection(SERVER[version], 80)
        writer.write(bytes(10_000))
        with pytest.raises(TimeoutError) as caught:
            await reader.read()
        writer.close()
        return caught.value.errno

    assert run(way, stuck()) == errno.ETIMEDOUT
    assert sum(received) == 1000
    # tcp_retries2: 15 retransmissions.
    assert way.time_s > 900


@both
def test_ping_sockets_are_listed(way, version):
    async def look():
        with ping_socket(version) as sock:
            sock.connect((SERVER[version], 0))
            return way.sockets(way.hosts["client"])

    (row,) = run(way, look())
    own = {4: "192.0.2.1", 6: "2001:db8:1::1"}[version]
    assert (row.protocol, row.state, row.receive_queue) == ("icmp", "ESTABLISHED", 0)
    assert (row.local, row.remote) == ((own, 1), (SERVER[version], 0))
    assert way.sockets(way.hosts["client"]) == []


@both
def test_firewalls_judge_pings_of_both_families(way, version):
    Firewall(way.hosts["router"], [Policy("drop", protocol="icmp")])

    async def ping():
        with ping_socket(version) as sock:
            sock.sendto(echo(version, 1), (SERVER[version], 0))
            await asyncio.sleep(1)
            with pytest.raises(BlockingIOError):
                sock.recv(100)

    run(way, ping())
    drops = [event.what.reason for event in way.events if event.type == "link.dropped"]
    assert drops == ["firewall_drop"]


def test_what_comes_to_a_crashed_host_is_told(way):
    way.hosts["server"].crash()

    async def knock():
        with open_socket(4) as sock:
            way.hosts["router"].kernel.stack.transmitter.neighbors.add_permanent(
                "eth1", SERVER[4], way.hosts["server"].ports[0].mac
            )
            sock.sendto(b"x", (SERVER[4], 9))
            await asyncio.sleep(1)

    run(way, knock())
    (drop,) = [event.what for event in way.events if event.type == "link.dropped"]
    assert (drop.reason, drop.where) == ("host_down", "server")
