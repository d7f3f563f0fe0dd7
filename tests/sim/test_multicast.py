"""Multicast groups and broadcasts, between hosts on a LAN and within one."""

import asyncio
import socket
import struct

import pytest

from firstbyte.sim import Internet

GROUP, GROUP6, PORT = "224.0.0.251", "ff02::fb", 5353


class Listener(asyncio.DatagramProtocol):
    def __init__(self):
        self.heard = []

    def datagram_received(self, data, addr):
        self.heard.append(data)


@pytest.fixture
def lan():
    internet = Internet(seed=1)
    near = internet.host("near", addresses=["192.168.1.1/24", "fd01::1/64"])
    far = internet.host("far", addresses=["192.168.1.2/24", "fd01::2/64"])
    internet.link(near, far, rtt_s=0.01)
    yield internet, near, far
    internet.close()


def mreq(group):
    if ":" in group:
        option = (socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP)
        return *option, socket.inet_pton(socket.AF_INET6, group) + bytes(4)
    option = (socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP)
    return *option, socket.inet_aton(group) + bytes(4)


async def listen(*groups):
    loop = asyncio.get_running_loop()
    anywhere = "::" if groups and ":" in groups[0] else "0.0.0.0"
    transport, listener = await loop.create_datagram_endpoint(
        Listener, local_addr=(anywhere, PORT), reuse_port=True
    )
    for group in groups:
        transport.get_extra_info("socket").setsockopt(*mreq(group))
    return transport, listener


def say(target, **options):
    async def main():
        loop = asyncio.get_running_loop()
        family = socket.AF_INET6 if ":" in target else socket.AF_INET
        transport, _ = await loop.create_datagram_endpoint(
            asyncio.DatagramProtocol, family=family, **options
        )
        transport.sendto(b"hello", (target, PORT))
        transport.close()
        await asyncio.sleep(1)

    return main()


@pytest.mark.parametrize("group", [GROUP, GROUP6])
def test_members_hear_and_others_do_not(lan, group):
    internet, near, far = lan
    _, member = internet.run(until=far.run(listen(group)))
    internet.run(until=near.run(say(group)))
    assert member.heard == [b"hello"]


def test_who_has_not_joined_does_not_hear(lan):
    internet, near, far = lan
    _, stranger = internet.run(until=far.run(listen()))
    internet.run(until=near.run(say(GROUP)))
    assert stranger.heard == []


def test_who_has_left_does_not_hear(lan):
    internet, near, far = lan
    transport, member = internet.run(until=far.run(listen(GROUP)))
    sock = transport.get_extra_info("socket")
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_DROP_MEMBERSHIP, mreq(GROUP)[2])
    internet.run(until=near.run(say(GROUP)))
    assert member.heard == []


def test_members_on_the_senders_host_hear_it_too(lan):
    internet, near, far = lan
    _, own = internet.run(until=near.run(listen(GROUP)))
    _, other = internet.run(until=far.run(listen(GROUP)))
    internet.run(until=near.run(say(GROUP)))
    assert own.heard == other.heard == [b"hello"]


def test_the_senders_host_can_be_left_out(lan):
    internet, near, far = lan
    _, own = internet.run(until=near.run(listen(GROUP)))
    _, other = internet.run(until=far.run(listen(GROUP)))

    async def main():
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, struct.pack("b", 0))
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, struct.pack("b", 3))
            sock.setsockopt(
                socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("192.168.1.1")
            )
            sock.sendto(b"hello", (GROUP, PORT))
        await asyncio.sleep(1)

    internet.run(until=near.run(main()))
    assert (own.heard, other.heard) == ([], [b"hello"])


@pytest.mark.parametrize("target", ["192.168.1.255", "255.255.255.255"])
def test_broadcasts_reach_the_lan(lan, target):
    internet, near, far = lan
    _, listener = internet.run(until=far.run(listen()))
    internet.run(until=near.run(say(target, allow_broadcast=True)))
    assert listener.heard == [b"hello"]
