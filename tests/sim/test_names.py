"""getaddrinfo and getnameinfo inside the world, against what the C library answers outside."""

import asyncio
import socket
from pathlib import Path

import pytest

from firstbyte.sim import Internet

STREAM, DGRAM = socket.SOCK_STREAM, socket.SOCK_DGRAM


@pytest.fixture
def ask():
    with Internet() as internet:
        host = internet.host("client", ipv6=True)
        internet.host("server")
        host.own_names["printer"] = ["10.9.9.9"]

        def ask(*args, **options):
            async def main():
                return await asyncio.get_running_loop().getaddrinfo(*args, **options)

            return internet.run(until=host.run(main()))

        yield ask


@pytest.mark.parametrize(
    ("args", "options"),
    [
        (("127.0.0.1", 80), {}),
        (("127.0.0.1", "http"), {"type": STREAM}),
        ((b"127.0.0.1", b"80"), {"proto": socket.IPPROTO_UDP}),
        (("::1", 53), {"type": DGRAM}),
        (("127.0.0.1", None), {"type": STREAM}),
        (("127.0.0.1", 80), {"type": STREAM, "flags": socket.AI_CANONNAME}),
        ((None, 80), {"type": STREAM, "flags": socket.AI_PASSIVE, "family": socket.AF_INET}),
        ((None, 80), {"type": STREAM, "family": socket.AF_INET}),
        (("127.0.0.1", 80), {"type": STREAM, "flags": socket.AI_NUMERICHOST}),
    ],
)
def test_it_answers_as_the_c_library(ask, args, options):
    if args[1] == "http" and not Path("/etc/services").exists():
        pytest.skip("this machine has no /etc/services")
    assert ask(*args, **options) == socket.getaddrinfo(*args, **options)


@pytest.mark.parametrize(
    ("args", "options"),
    [
        (("::1", 80), {"family": socket.AF_INET}),
        (("server", 80), {"flags": socket.AI_NUMERICHOST}),
        (("127.0.0.1", "no such service"), {"type": STREAM}),
        (("127.0.0.1", 80), {"family": socket.AF_UNIX}),
    ],
)
def test_it_fails_as_the_c_library(ask, args, options):
    with pytest.raises(socket.gaierror) as outside:
        socket.getaddrinfo(*args, **options)
    with pytest.raises(socket.gaierror) as inside:
        ask(*args, **options)
    assert inside.value.errno == outside.value.errno


def addresses(found):
    return [info[4][0] for info in found]


def test_names_of_the_world_and_of_the_host(ask):
    assert addresses(ask("server", 80, type=STREAM)) == ["10.0.0.2"]
    assert addresses(ask("Server.", 80, type=STREAM)) == ["10.0.0.2"]
    assert addresses(ask("printer", 80, type=STREAM)) == ["10.9.9.9"]
    assert addresses(ask("localhost", 80, type=STREAM)) == ["::1", "127.0.0.1"]


def test_ipv6_comes_first_where_there_is_some(ask):
    assert addresses(ask("client", 80, type=STREAM)) == ["fd00::1", "10.0.0.1"]


def test_a_name_without_an_address_of_the_family(ask):
    with pytest.raises(socket.gaierror) as caught:
        ask("server", 80, family=socket.AF_INET6)
    assert caught.value.errno == socket.EAI_NODATA


def test_reverse():
    with Internet() as internet:
        host = internet.host("client")
        internet.host("server")

        async def main():
            loop = asyncio.get_running_loop()
            numeric = await loop.getnameinfo(("10.0.0.2", 443), socket.NI_NUMERICSERV)
            unknown = await loop.getnameinfo(("10.0.0.99", 443))
            with pytest.raises(socket.gaierror):
                await loop.getnameinfo(("10.0.0.99", 443), socket.NI_NAMEREQD)
            return numeric, unknown, socket.gethostbyaddr("10.0.0.2")

        assert internet.run(until=host.run(main())) == (
            ("server", "443"),
            ("10.0.0.99", "https"),
            ("server", [], ["10.0.0.2"]),
        )
