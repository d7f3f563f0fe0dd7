"""Connections to servers are shared, reused, and given up when they end (RFC 7766, 6.2)."""

import asyncio
import contextlib

import pytest

from firstbyte.protocols.dns.message import Message
from firstbyte.resolver.upstream import tcp
from firstbyte.resolver.upstream.tcp import TcpConnections
from resolver.upstream.conftest import answer_to, make_exchange


class Server:
    """Answers questions, in the order that ``hold`` makes, at most ``most`` on a connection."""

    def __init__(self, most: int = 1000, *, hold: int = 1) -> None:
        self.most = most
        self.hold = hold
        self.connections: list[int] = []
        """Questions that each connection brought."""
        self.open: set[asyncio.Task[None]] = set()

    async def serve(self, reader, writer) -> None:
        task = asyncio.current_task()
        self.open.add(task)
        task.add_done_callback(self.open.discard)
        with contextlib.closing(writer), contextlib.suppress(EOFError, ConnectionError):
            await self._answer(reader, writer)

    async def _answer(self, reader, writer) -> None:
        index = len(self.connections)
        self.connections.append(0)
        waiting: list[bytes] = []
        for _ in range(self.most):
            size = int.from_bytes(await reader.readexactly(2), "big")
            waiting.append(answer_to(await reader.readexactly(size)))
            self.connections[index] += 1
            if len(waiting) >= self.hold:
                for data in reversed(waiting):
                    writer.write(len(data).to_bytes(2, "big") + data)
                waiting.clear()


@contextlib.asynccontextmanager
async def running(server: Server, outcomes):
    listener = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    way = TcpConnections(asyncio.get_running_loop(), outcomes)
    try:
        yield way, listener.sockets[0].getsockname()
    finally:
        way.close()
        listener.close()
        if server.open:
            await asyncio.wait(server.open, timeout=5)


def all_answered(outcomes, count: int) -> bool:
    answers = [outcomes.by_number.get(number) for number in range(count)]
    return all(isinstance(answer, Message) for answer in answers)


def test_a_connection_is_used_again(outcomes) -> None:
    async def main() -> None:
        server = Server()
        async with running(server, outcomes) as (way, target):
            for number in range(5):
                way.ask(make_exchange(number, tcp=True), target)
                await outcomes.reach(number + 1)
        assert all_answered(outcomes, 5)
        assert server.connections == [5]

    asyncio.run(main())


def test_questions_are_pipelined_and_answers_may_come_in_any_order(outcomes) -> None:
    async def main() -> None:
        server = Server(hold=10)
        async with running(server, outcomes) as (way, target):
            for number in range(10):
                way.ask(make_exchange(number, tcp=True), target)
            await outcomes.reach(10)
        assert all_answered(outcomes, 10)
        assert server.connections == [10]

    asyncio.run(main())


def test_what_an_ended_connection_left_is_asked_on_a_new_one(outcomes) -> None:
    async def main() -> None:
        server = Server(most=1)
        async with running(server, outcomes) as (way, target):
            for number in range(4):
                way.ask(make_exchange(number, tcp=True), target)
            await outcomes.reach(4)
        assert all_answered(outcomes, 4)
        assert len(server.connections) == 4

    asyncio.run(main())


def test_a_connection_that_ends_without_any_answer_is_a_failure(outcomes) -> None:
    async def main() -> None:
        async with running(Server(most=0), outcomes) as (way, target):
            way.ask(make_exchange(0, tcp=True), target)
            await outcomes.reach(1)
        assert outcomes.by_number == {0: "closed"}

    asyncio.run(main())


def test_the_same_id_never_waits_twice_on_one_connection(outcomes) -> None:
    async def main() -> None:
        server = Server()
        async with running(server, outcomes) as (way, target):
            for number in range(2):
                way.ask(make_exchange(number, tcp=True, entropy=bytes), target)
            await outcomes.reach(2)
        assert server.connections == [1, 1]

    asyncio.run(main())


def test_no_question_waits_behind_one_that_was_given_up(outcomes) -> None:
    async def main() -> None:
        server = Server(hold=2)
        async with running(server, outcomes) as (way, target):
            way.ask(make_exchange(0, tcp=True), target)
            way.drop(0)
            way.ask(make_exchange(1, tcp=True), target)
            way.ask(make_exchange(2, tcp=True), target)
            await outcomes.reach(2)
        assert sorted(outcomes.by_number) == [1, 2]

    asyncio.run(main())


def test_a_refused_connection_is_told(outcomes) -> None:
    async def main() -> None:
        listener = await asyncio.start_server(Server().serve, "127.0.0.1", 0)
        target = listener.sockets[0].getsockname()
        listener.close()
        await listener.wait_closed()
        way = TcpConnections(asyncio.get_running_loop(), outcomes)
        way.ask(make_exchange(0, tcp=True), target)
        await outcomes.reach(1)
        assert outcomes.by_number == {0: "refused"}
        way.close()

    asyncio.run(main())


@pytest.mark.parametrize("bound", ["IDLE_S", "MAX_IDLE"])
def test_idle_connections_are_closed(outcomes, monkeypatch, bound: str) -> None:
    monkeypatch.setattr(tcp, bound, {"IDLE_S": 0.0, "MAX_IDLE": 1}[bound])
    ended = asyncio.Event()

    class Watching(Server):
        async def serve(self, reader, writer) -> None:
            await super().serve(reader, writer)
            ended.set()

    async def main() -> None:
        async with running(Watching(), outcomes) as (way, target):
            way.ask(make_exchange(0, tcp=True), target)
            await outcomes.reach(1)
            if bound == "MAX_IDLE":  # another server's connection takes its place
                way.ask(make_exchange(1, tcp=True), ("127.0.0.1", 9))
            async with asyncio.timeout(5):
                await ended.wait()

    asyncio.run(main())
