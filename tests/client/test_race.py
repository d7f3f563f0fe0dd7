import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine

import pytest

from firstbyte.client.addresses import AddressRace, Attempt, RacePolicy
from firstbyte.client.race import RaceDriver
from firstbyte.errors import ConnectError, ConnectionLifeError, NameError_
from firstbyte.events import Recorder
from firstbyte.net import system
from firstbyte.resolver.base import Found, FoundAddresses, FoundHttps, HttpsRecord

MS = 1_000_000
FAST = RacePolicy(resolution_delay_ns=5 * MS, attempt_delay_ns=20 * MS)


class Connection:
    def __init__(self, address: str) -> None:
        self.address = address
        self.aborted = False

    def abort(self) -> None:
        self.aborted = True


async def answers(*found: Found | float | Exception) -> AsyncGenerator[Found, None]:
    for item in found:
        if isinstance(item, Exception):
            raise item
        if isinstance(item, FoundAddresses | FoundHttps):
            yield item
        else:
            await asyncio.sleep(item)


class World:
    """Addresses that connect after a while, fail, or stay silent; remembers what was made."""

    def __init__(self, **behaviour: float | str) -> None:
        self.behaviour = {key.replace("_", "."): value for key, value in behaviour.items()}
        self.started: list[str] = []
        self.made: list[Connection] = []
        self.cancelled: list[str] = []

    async def connect(self, attempt: Attempt) -> Connection:
        self.started.append(attempt.address)
        does = self.behaviour[attempt.address]
        try:
            if isinstance(does, str):
                raise ConnectError(does, f"{attempt.address} failed")
            await asyncio.sleep(does)
        except asyncio.CancelledError:
            self.cancelled.append(attempt.address)
            raise
        connection = Connection(attempt.address)
        self.made.append(connection)
        return connection


def run(
    world: World, lookup: Callable[[], AsyncGenerator[Found, None]], policy: RacePolicy = FAST
) -> tuple[Attempt, Connection]:
    async def main() -> tuple[Attempt, Connection]:
        scope = Recorder(system.current().now_ns, "kernel").scope()
        driver = RaceDriver[Connection](AddressRace(policy, {"A", "AAAA"}), world.connect, scope)
        async with asyncio.timeout(10):
            result = await driver.run(lookup())
        assert len(asyncio.all_tasks()) == 1, "a task leaked"
        return result

    return asyncio.run(main())


def failure(work: Callable[[], object]) -> ConnectionLifeError:
    with pytest.raises(ConnectionLifeError) as caught:
        work()
    return caught.value


V6, V4 = FoundAddresses(6, ("::1",)), FoundAddresses(4, ("1.1.1.1",))


def test_the_first_address_wins() -> None:
    world = World(**{"::1": 0.0, "1_1_1_1": 0.0})
    attempt, connection = run(world, lambda: answers(V6, V4))
    assert (attempt.address, connection.address) == ("::1", "::1")
    assert world.started == ["::1"]


def test_a_silent_address_is_overtaken_and_cancelled() -> None:
    world = World(**{"::1": 60.0, "1_1_1_1": 0.0})
    attempt, connection = run(world, lambda: answers(V6, V4))
    assert connection.address == "1.1.1.1"
    assert attempt.number == 2
    assert world.cancelled == ["::1"]


def test_a_failing_address_is_followed_by_the_next() -> None:
    world = World(**{"::1": "tcp.no_route", "1_1_1_1": 0.0})
    assert run(world, lambda: answers(V6, V4))[1].address == "1.1.1.1"


def test_the_most_telling_failure_is_reported() -> None:
    world = World(**{"::1": "tcp.no_route", "1_1_1_1": "tcp.refused"})
    assert failure(lambda: run(world, lambda: answers(V6, V4))).id == "tcp.refused"


def test_a_failed_lookup_is_reported() -> None:
    error = NameError_("dns.nxdomain", "no such name")
    assert failure(lambda: run(World(), lambda: answers(error))).id == "dns.nxdomain"


def test_a_lookup_without_addresses_is_an_error() -> None:
    assert failure(lambda: run(World(), lambda: answers(FoundAddresses(4, ())))).id == "tcp.failed"


def test_a_slow_other_family_does_not_hold_the_first_back() -> None:
    world = World(**{"1_1_1_1": 0.0})
    assert run(world, lambda: answers(V4, 60.0, V6))[1].address == "1.1.1.1"


def test_two_connections_at_once_leave_only_one_open() -> None:
    world = World(**{"::1": 0.02, "1_1_1_1": 0.0})
    _, kept = run(world, lambda: answers(V6, V4), RacePolicy(attempt_delay_ns=20 * MS))
    assert [c.aborted for c in world.made if c is not kept] == [True] * (len(world.made) - 1)
    assert not kept.aborted


def test_a_bug_in_the_resolver_is_not_swallowed() -> None:
    with pytest.raises(ZeroDivisionError):
        run(World(), lambda: answers(ZeroDivisionError()))


def test_cancelling_the_race_cancels_everything() -> None:
    world = World(**{"::1": 60.0, "1_1_1_1": 60.0})

    async def main() -> None:
        scope = Recorder(system.current().now_ns, "kernel").scope()
        driver = RaceDriver[Connection](AddressRace(FAST, {"A"}), world.connect, scope)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await driver.run(answers(V6, V4, 60.0))
        assert len(asyncio.all_tasks()) == 1

    work: Coroutine[None, None, None] = main()
    asyncio.run(work)
    assert sorted(world.cancelled) == ["1.1.1.1", "::1"]


def test_an_https_record_lets_quic_in() -> None:
    world = World(**{"::1": 0.0})
    seen: list[HttpsRecord] = []

    async def main() -> str:
        race = AddressRace(FAST, {"A", "AAAA", "HTTPS"})
        scope = Recorder(system.current().now_ns, "kernel").scope()

        def on_https(records: tuple[HttpsRecord, ...]) -> None:
            seen.extend(records)
            race.allow_quic("the HTTPS record offers h3")

        driver = RaceDriver[Connection](race, world.connect, scope, on_https)
        record = HttpsRecord(priority=1, target="example", alpn=("h3", "h2"))
        attempt, _ = await driver.run(answers(FoundHttps((record,)), V6, V4))
        return attempt.transport

    assert asyncio.run(main()) == "quic"
    assert seen[0].protocols == ("h3", "h2", "http/1.1")
