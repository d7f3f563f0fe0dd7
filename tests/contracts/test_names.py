"""getaddrinfo and its kin, also with arguments that are refused: as the C library answers."""

import asyncio
import socket

import pytest

from contracts.outcomes import in_the_world

STREAM, INET6 = socket.SOCK_STREAM, socket.AF_INET6


def answer(call):
    try:
        return call()
    except (OSError, TypeError, UnicodeError) as error:
        return type(error).__name__, getattr(error, "errno", None)


def on_both(call):
    async def program():
        return await asyncio.to_thread(answer, call)

    return asyncio.run(program()), in_the_world(program())


@pytest.mark.parametrize(
    ("arguments", "options"),
    [
        ((None, None), {}),
        ((None, 80), {"type": STREAM, "flags": socket.AI_CANONNAME}),
        (("", 80), {}),
        (("127.1", 80), {"type": STREAM}),
        (("0x7f.1", 80), {"type": STREAM}),
        (("127.0.0.1 ", 80), {"flags": socket.AI_NUMERICHOST}),
        (("fe80::1%lo", 80), {"type": STREAM}),
        (("fe80::1%7", 80), {"type": STREAM}),
        (("127.0.0.1", "http"), {"flags": socket.AI_NUMERICSERV}),
        (("127.0.0.1", "none"), {}),
        (("127.0.0.1", -1), {"type": STREAM}),
        (("127.0.0.1", 65537), {"type": STREAM}),
        (("127.0.0.1", 80), {"type": STREAM, "proto": socket.IPPROTO_UDP}),
        (("127.0.0.1", 80), {"type": socket.SOCK_RAW}),
        (("127.0.0.1", 80), {"flags": 1 << 20}),
        (("127.0.0.1", 80), {"family": 99}),
        (("127.0.0.1", 80), {"family": INET6, "type": STREAM}),
        (("127.0.0.1", 80), {"family": INET6, "type": STREAM, "flags": socket.AI_V4MAPPED}),
        (("::ffff:192.0.2.1", 80), {"type": STREAM}),
        (("x" * 64 + ".example", 80), {}),
    ],
)
def test_getaddrinfo(arguments, options):
    real, simulated = on_both(lambda: socket.getaddrinfo(*arguments, **options))
    assert simulated == real


@pytest.mark.parametrize(
    "address",
    [
        ("127.0.0.1", 53),
        ("127.0.0.1", 99_999),
        ("192.0.2.77", 9),
        ("::1", 80, 0, 0),
        ("fe80::1", 80, 0, 1),
        ("word", 80),
        ("127.0.0.1",),
        ("127.0.0.1", 80, 0),
        "127.0.0.1",
    ],
)
def test_getnameinfo(address):
    numbers = socket.NI_NUMERICHOST | socket.NI_NUMERICSERV
    real, simulated = on_both(lambda: socket.getnameinfo(address, numbers))
    assert simulated == real


@pytest.mark.parametrize(
    "call",
    [
        lambda: socket.gethostbyname(""),
        lambda: socket.if_nametoindex("lo"),
        lambda: socket.if_indextoname(1),
        lambda: socket.if_nametoindex("none"),
        lambda: socket.if_indextoname(9999),
    ],
)
def test_interfaces_and_old_calls(call):
    real, simulated = on_both(call)
    assert simulated == real


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM])
@pytest.mark.parametrize("first", ["0.0.0.0", "127.0.0.1", "::"])
@pytest.mark.parametrize("v6_only", [False, True])
@pytest.mark.parametrize("reuse", [socket.SO_BROADCAST, socket.SO_REUSEADDR, socket.SO_REUSEPORT])
def test_who_shares_a_port_with_both_versions(kind, first, v6_only, reuse):
    def bind(address, port):
        sock = socket.socket(INET6 if ":" in address else socket.AF_INET, kind)
        sock.setsockopt(socket.SOL_SOCKET, reuse, 1)
        if ":" in address:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, v6_only)
        with sock:
            sock.bind((address, port))
            if kind is socket.SOCK_STREAM:
                sock.listen()
            return sock.detach()

    def both():
        one = socket.socket(fileno=bind(first, 0))
        other = "0.0.0.0" if first == "::" else "::"
        with one, socket.socket(fileno=bind(other, one.getsockname()[1])) as two:
            return two.getsockname()[0]

    real, simulated = on_both(both)
    assert simulated == real
