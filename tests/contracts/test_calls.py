"""Socket calls one by one, also with arguments that programs get wrong: the same answers."""

import asyncio
import socket
import struct

import pytest

from contracts.outcomes import on_both, outcome

INET, INET6, UDP = socket.AF_INET, socket.AF_INET6, socket.SOCK_DGRAM
SOL, TCP, IP, IP6 = socket.SOL_SOCKET, socket.IPPROTO_TCP, socket.IPPROTO_IP, socket.IPPROTO_IPV6
HERE = ("127.0.0.1", 0)
PAUSE_S = 0.01
IP_PKTINFO, MSG_ERRQUEUE = 8, 0x2000


def misuse(call):
    """The outcome of a call whose arguments may be of the wrong type."""
    try:
        return outcome(call)
    except (TypeError, OverflowError) as error:
        return type(error).__name__


def bound(made, *options, address=HERE, family=INET, kind=socket.SOCK_STREAM):
    sock = made.new(family, kind)
    for level, name in options:
        sock.setsockopt(level, name, 1)
    sock.bind(address)
    return sock


async def pair(made):
    loop = asyncio.get_running_loop()
    listener = bound(made)
    listener.listen()
    near = made.new()
    await loop.sock_connect(near, listener.getsockname())
    far, _ = await loop.sock_accept(listener)
    return near, made.keep(far), listener


async def a_listener(made):
    sock = bound(made, address=("localhost", 0))
    yield lambda: sock.getsockname()[0]
    sock.listen()
    yield sock.getpeername
    yield lambda: sock.recv(1)
    yield lambda: sock.send(b"x")
    yield lambda: sock.connect_ex(("127.0.0.1", 1))
    yield lambda: sock.shutdown(socket.SHUT_WR)
    yield sock.accept
    yield lambda: sock.shutdown(socket.SHUT_RD)
    yield sock.accept
    yield lambda: sock.getsockopt(SOL, socket.SO_ACCEPTCONN)
    yield lambda: made.new().connect_ex(sock.getsockname()) in {0, 111, 115}
    yield lambda: sock.listen()


async def addresses(made):
    for address in (
        ("127.0.0.1",),
        ("127.0.0.1", 80, 0),
        ["127.0.0.1", 80],
        ("127.0.0.1", -1),
        ("127.0.0.1", 65_536),
        ("127.0.0.1", "80"),
        (None, 80),
        (1, 2),
        ("::1", 1),
        "x",
        None,
    ):
        yield lambda address=address: misuse(lambda: made.new().connect_ex(address))
    for address in (("::1",), ("::1", 1), ("::1", 1, 0, 0), ("::1", 1, 0, 0, 0), ("127.0.0.1", 1)):
        yield lambda address=address: misuse(lambda: made.new(INET6).connect_ex(address))


async def only_ipv6(made):
    sock = made.new(INET6)
    yield lambda: sock.setsockopt(IP6, socket.IPV6_V6ONLY, 1)
    yield lambda: sock.bind(("::ffff:127.0.0.1", 0))
    yield lambda: sock.connect_ex(("::ffff:127.0.0.1", 1))


async def both_stacks(made):
    loop = asyncio.get_running_loop()
    listener = bound(made, address=("::", 0), family=INET6)
    listener.listen()
    port = listener.getsockname()[1]
    near = made.new()
    await loop.sock_connect(near, ("127.0.0.1", port))
    far, address = await loop.sock_accept(listener)
    made.keep(far)
    yield lambda: (address[0], far.getsockname()[0], far.family)
    yield lambda: made.new().bind(("0.0.0.0", port))
    yield lambda: made.new().bind(("127.0.0.1", port))
    yield lambda: made.new(INET6).bind(("::1", port))


async def wildcards(made):
    port = bound(made, address=("0.0.0.0", 0)).getsockname()[1]
    yield lambda: made.new().bind(("127.0.0.1", port))
    yield lambda: made.new(INET6).bind(("::1", port))
    yield lambda: made.new(INET6).bind(("::", port))


async def shared_addresses(made):
    first, second = bound(made), made.new()
    here = first.getsockname()
    yield lambda: second.bind(here)
    second.setsockopt(SOL, socket.SO_REUSEADDR, 1)
    yield lambda: second.bind(here)
    first.setsockopt(SOL, socket.SO_REUSEADDR, 1)
    yield lambda: second.bind(here)
    yield first.listen
    yield second.listen
    third = made.new()
    third.setsockopt(SOL, socket.SO_REUSEADDR, 1)
    yield lambda: third.bind(here)


async def shared_datagram_ports(made):
    first, second = bound(made, kind=UDP), made.new(kind=UDP)
    here = first.getsockname()
    second.setsockopt(SOL, socket.SO_REUSEADDR, 1)
    yield lambda: second.bind(here)
    first.setsockopt(SOL, socket.SO_REUSEADDR, 1)
    yield lambda: second.bind(here)
    third = made.new(kind=UDP)
    third.setsockopt(SOL, socket.SO_REUSEPORT, 1)
    yield lambda: third.bind(here)


async def a_port_in_time_wait(made):
    near, far, listener = await pair(made)
    here = listener.getsockname()
    far.close()
    await asyncio.sleep(PAUSE_S)
    near.close()
    listener.close()
    await asyncio.sleep(PAUSE_S)
    yield lambda: made.new().bind(here)
    sock = made.new()
    sock.setsockopt(SOL, socket.SO_REUSEADDR, 1)
    yield lambda: sock.bind(here)


async def a_connection_to_itself(made):
    sock = bound(made)
    yield lambda: sock.connect_ex(sock.getsockname())
    await asyncio.sleep(PAUSE_S)
    yield lambda: sock.send(b"me")
    await asyncio.sleep(PAUSE_S)
    yield lambda: sock.recv(10)


async def a_stream(made):
    near, far, _ = await pair(made)
    near.send(b"hello")
    await asyncio.sleep(PAUSE_S)
    yield lambda: far.recv(3, socket.MSG_PEEK)
    yield lambda: far.recvmsg(3)
    long, short = bytearray(10), bytearray(1)
    yield lambda: far.recvmsg_into([short, long])
    yield lambda: bytes(short + long)
    yield lambda: near.sendmsg([b"ab", b"cd"])
    await asyncio.sleep(PAUSE_S)
    yield lambda: far.recvfrom(10)
    yield lambda: far.recv_into(bytearray(10))
    yield lambda: near.sendto(b"x", ("1.2.3.4", 5))
    await asyncio.sleep(PAUSE_S)
    yield lambda: far.recv(0)
    yield lambda: far.recv(10)
    yield lambda: near.send(b"")


async def the_end_of_a_stream(made):
    near, far, _ = await pair(made)
    yield lambda: near.shutdown(socket.SHUT_WR)
    yield lambda: near.shutdown(socket.SHUT_WR)
    yield lambda: near.shutdown(3)
    await asyncio.sleep(PAUSE_S)
    yield lambda: far.recv(1)
    yield lambda: far.send(b"x")
    yield lambda: far.shutdown(socket.SHUT_RDWR)
    await asyncio.sleep(PAUSE_S)
    yield lambda: near.recv(5)
    yield lambda: near.recv(5)
    yield near.getpeername
    yield lambda: near.shutdown(socket.SHUT_WR)


async def datagrams(made):
    near, far = bound(made, kind=UDP), bound(made, kind=UDP)
    there = far.getsockname()
    for size in (3, 10):
        near.sendto(b"hello", 0, there)
        await asyncio.sleep(PAUSE_S)
        yield lambda size=size: far.recvmsg(size)[:3]
    near.sendmsg([b"hel", b"lo"], [], 0, there)
    await asyncio.sleep(PAUSE_S)
    buffer = bytearray(3)
    yield lambda: far.recv_into(buffer, 0, socket.MSG_TRUNC)
    yield lambda: bytes(buffer)
    far.setsockopt(IP, IP_PKTINFO, 1)
    near.sendto(b"hello", there)
    near.sendto(b"hello", there)
    await asyncio.sleep(PAUSE_S)
    yield lambda: [(level, kind, data[4:]) for level, kind, data in far.recvmsg(9, 99)[1]]
    yield lambda: far.recvmsg(9)[1:3]
    yield lambda: far.recvmsg(9, 99, MSG_ERRQUEUE)


async def groups(made):
    sock = made.new(kind=UDP)
    group = socket.inet_aton("224.1.1.1") + socket.inet_aton("127.0.0.1")
    alone = socket.inet_aton("10.0.0.1") + bytes(4)
    yield lambda: sock.setsockopt(IP, socket.IP_DROP_MEMBERSHIP, group)
    yield lambda: sock.setsockopt(IP, socket.IP_ADD_MEMBERSHIP, group)
    yield lambda: sock.setsockopt(IP, socket.IP_ADD_MEMBERSHIP, group)
    yield lambda: sock.setsockopt(IP, socket.IP_DROP_MEMBERSHIP, group)
    yield lambda: sock.setsockopt(IP, socket.IP_ADD_MEMBERSHIP, alone)
    yield lambda: sock.setsockopt(IP, socket.IP_ADD_MEMBERSHIP, b"1234")
    yield lambda: sock.setsockopt(IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1"))
    yield lambda: sock.setsockopt(IP, socket.IP_MULTICAST_IF, socket.inet_aton("192.0.2.77"))
    yield lambda: sock.setsockopt(IP, socket.IP_MULTICAST_TTL, struct.pack("b", 7))
    yield lambda: sock.getsockopt(IP, socket.IP_MULTICAST_TTL)


async def refused_datagrams(made):
    sock = made.new(kind=UDP)
    yield lambda: sock.connect_ex(("127.0.0.1", 9))
    yield lambda: sock.send(b"x")
    await asyncio.sleep(PAUSE_S)
    yield lambda: sock.send(bytes(70_000))
    yield lambda: sock.send(b"x")
    await asyncio.sleep(PAUSE_S)
    yield lambda: sock.recv(1)


async def duplicates(made):
    sock = made.new()
    twin = made.keep(sock.dup())
    yield lambda: (twin.family, twin.type, twin.gettimeout(), twin.fileno() != sock.fileno())
    number = twin.detach()
    yield twin.fileno
    again = made.keep(socket.socket(fileno=number))
    yield lambda: (again.fileno() == number, again.family, again.type)
    again.bind(HERE)
    yield lambda: again.getsockname() == sock.getsockname()
    sock.close()
    yield again.listen
    yield lambda: isinstance(again, socket.socket)


async def option_values(made):
    sock = made.new()
    for level, name, value in (
        (TCP, socket.TCP_KEEPIDLE, 0),
        (TCP, socket.TCP_KEEPIDLE, 40_000),
        (TCP, socket.TCP_KEEPINTVL, -1),
        (TCP, socket.TCP_KEEPCNT, 128),
        (TCP, socket.TCP_MAXSEG, 40),
        (TCP, socket.TCP_SYNCNT, 0),
        (TCP, socket.TCP_USER_TIMEOUT, -1),
        (TCP, socket.TCP_LINGER2, -5),
        (TCP, socket.TCP_NODELAY, 5),
        (SOL, socket.SO_KEEPALIVE, 7),
        (SOL, socket.SO_REUSEADDR, 2),
        (SOL, socket.SO_SNDBUF, 1),
        (SOL, socket.SO_RCVBUF, 1),
        (IP, socket.IP_TTL, 0),
        (IP, socket.IP_TTL, 256),
        (IP, socket.IP_TTL, 5),
    ):
        yield lambda option=(level, name), value=value: sock.setsockopt(*option, value)
        yield lambda option=(level, name): sock.getsockopt(*option)
    yield lambda: sock.getsockopt(SOL, socket.SO_RCVTIMEO, 16)
    yield lambda: sock.setsockopt(SOL, socket.SO_RCVTIMEO, struct.pack("ll", 1, 0))
    yield lambda: sock.setsockopt(SOL, socket.SO_LINGER, struct.pack("ii", 1, 5))
    yield lambda: sock.getsockopt(SOL, socket.SO_LINGER, 8)
    yield lambda: sock.setsockopt(TCP, socket.TCP_CONGESTION, b"no such")
    yield lambda: sock.getsockopt(SOL, socket.SO_KEEPALIVE, 1)


SCRIPTS = [
    a_listener,
    addresses,
    only_ipv6,
    both_stacks,
    wildcards,
    shared_addresses,
    shared_datagram_ports,
    a_port_in_time_wait,
    a_connection_to_itself,
    a_stream,
    the_end_of_a_stream,
    datagrams,
    groups,
    refused_datagrams,
    duplicates,
    option_values,
]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.__name__)
def test_both_answer_alike(script):
    real, simulated = on_both(script)
    assert simulated == real
