"""Each question has a socket of its own, and nothing but its answer ends it."""

import asyncio
import itertools
import socket

import pytest

from firstbyte.protocols.dns.message import Message
from firstbyte.resolver.upstream.entropy import FIRST_PORT, PAGE_BYTES, Entropy
from firstbyte.resolver.upstream.udp import UdpSockets
from firstbyte.resolver.upstream.ways import MAX_MISMATCHES
from resolver.upstream.conftest import DEADLINE_S, answer_to, make_exchange

COUNT = 200


@pytest.fixture
def server():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.setblocking(False)
        yield sock


async def taken(server: socket.socket) -> tuple[bytes, tuple[str, int]]:
    async with asyncio.timeout(DEADLINE_S):
        return await asyncio.get_running_loop().sock_recvfrom(server, 4096)


def test_questions_under_way_have_different_unpredictable_ports(server, outcomes) -> None:
    async def main() -> None:
        way = UdpSockets(asyncio.get_running_loop(), outcomes, Entropy())
        asked = []
        for number in range(COUNT):
            way.ask(make_exchange(number), server.getsockname())
            asked.append(await taken(server))
        ports = [client[1] for _, client in asked]
        assert len(set(ports)) == COUNT
        assert min(ports) >= FIRST_PORT
        # Not the kernel's ephemeral range alone, and not one after the other (RFC 5452, 9.2).
        assert max(ports) - min(ports) > 40_000
        assert len({later - port for port, later in itertools.pairwise(ports)}) > 150
        for data, client in asked:
            server.sendto(answer_to(data), client)
        await outcomes.reach(COUNT)
        assert all(isinstance(outcome, Message) for outcome in outcomes.by_number.values())
        way.close()

    asyncio.run(main())


def test_wrong_datagrams_are_no_answer_but_too_many_are_an_attack(server, outcomes) -> None:
    async def main() -> None:
        way = UdpSockets(asyncio.get_running_loop(), outcomes, Entropy())
        for number in (0, 1):
            way.ask(make_exchange(number), server.getsockname())
        true, client = await taken(server)
        _, other = await taken(server)
        forged = bytes((true[0] ^ 1,)) + answer_to(true)[1:]
        for _ in range(MAX_MISMATCHES - 1):
            server.sendto(forged, client)
        server.sendto(answer_to(true), client)
        for _ in range(MAX_MISMATCHES):
            server.sendto(forged, other)
        await outcomes.reach(2)
        assert isinstance(outcomes.by_number[0], Message)
        assert outcomes.by_number[1] == "malformed"
        way.close()

    asyncio.run(main())


def test_answers_from_elsewhere_never_arrive(server, outcomes) -> None:
    async def main() -> None:
        way = UdpSockets(asyncio.get_running_loop(), outcomes, Entropy())
        way.ask(make_exchange(0), server.getsockname())
        data, client = await taken(server)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as attacker:
            attacker.sendto(answer_to(data), client)
        way.ask(make_exchange(1), server.getsockname())
        second, other = await taken(server)
        server.sendto(answer_to(second), other)
        await outcomes.reach(1)
        assert list(outcomes.by_number) == [1]
        way.close()

    asyncio.run(main())


def test_a_closed_port_is_told(outcomes) -> None:
    async def main() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as gone:
            gone.bind(("127.0.0.1", 0))
            target = gone.getsockname()
        way = UdpSockets(asyncio.get_running_loop(), outcomes, Entropy())
        way.ask(make_exchange(0), target)
        await outcomes.reach(1)
        assert outcomes.by_number == {0: "refused"}
        way.close()

    asyncio.run(main())


def test_a_dropped_question_is_forgotten_and_its_socket_closed(server, outcomes) -> None:
    async def main() -> None:
        way = UdpSockets(asyncio.get_running_loop(), outcomes, Entropy())
        way.ask(make_exchange(0), server.getsockname())
        data, client = await taken(server)
        way.drop(0)
        way.drop(0)
        way.ask(make_exchange(1), server.getsockname())  # takes the same descriptor
        second, other = await taken(server)
        server.sendto(answer_to(data), client)
        server.sendto(answer_to(second), other)
        await outcomes.reach(1)
        assert list(outcomes.by_number) == [1]
        way.close()

    asyncio.run(main())


def test_entropy_is_given_once(monkeypatch) -> None:
    pages = []

    def page(count: int) -> bytes:
        pages.append(bytes(number % 251 for number in range(len(pages), len(pages) + count)))
        return pages[-1]

    monkeypatch.setattr("os.urandom", page)
    entropy = Entropy()
    drawn = b"".join(entropy.octets(1000) for _ in range(8))
    assert drawn == pages[0][:4000] + pages[1][:4000]
    assert len(pages[0]) == PAGE_BYTES


def test_every_port_without_privilege_can_be_drawn(monkeypatch) -> None:
    drawn = (1023).to_bytes(2, "big") + (1024).to_bytes(2, "big") + (65535).to_bytes(2, "big")
    monkeypatch.setattr("os.urandom", lambda count: drawn + bytes(count - len(drawn)))
    entropy = Entropy()
    assert (entropy.port(), entropy.port()) == (1024, 65535)
