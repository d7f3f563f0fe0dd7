"""Tasks without an event loop: what they share, and what they wait for."""

from firstbyte.resolver.machine.scheduler import Scheduler
from firstbyte.resolver.machine.values import Ask, Moment, Outcome
from firstbyte.resolver.machine.waits import Waits


def make_ask(number: int) -> Ask:
    return Ask(number, ("192.0.2.1", 53), b"\0", b"\1a\0", 1, False, True, False, True, 1.0, 1)


class Bench:
    """A scheduler, and tasks that fetch by number and share what is under way."""

    def __init__(self) -> None:
        self.scheduler = Scheduler()
        self.scheduler.now = Moment(0.0, 0.0)
        self.flights: dict[int, object] = {}
        self.results: dict[str, object] = {}

    def spawn(self, name: str, *wanted: int, broken: bool = False) -> None:
        def ended(result: object) -> None:
            self.results[name] = result

        self.scheduler.spawn(self.fetch(list(wanted), broken=broken), ended)
        self.scheduler.run()

    async def fetch(self, wanted: list[int], *, broken: bool = False) -> object:
        """Fetch the first, within it the second, and so on."""
        number = wanted[0]
        if number in self.flights:
            return await self.scheduler.join(self.flights[number])
        flight = self.flights[number] = self.scheduler.flight()
        result = None
        try:
            await self.scheduler.exchange(make_ask(number))
            if broken:
                raise ValueError("broken")
            result = await self.fetch(wanted[1:]) if wanted[1:] else number
            return result
        finally:
            del self.flights[number]
            self.scheduler.land(flight, result)

    def settle(self, number: int) -> None:
        self.scheduler.settle(number, Outcome(None, "timeout"))
        self.scheduler.run()


def test_what_is_under_way_is_shared() -> None:
    bench = Bench()
    for name in ("one", "two", "three"):
        bench.spawn(name, 1)
    assert [ask.number for ask in bench.scheduler.outgoing()] == [1]
    bench.settle(1)
    assert bench.results == {"one": 1, "two": 1, "three": 1}


def test_those_who_would_wait_for_each_other_do_not() -> None:
    bench = Bench()
    bench.spawn("one", 1, 2)
    bench.spawn("two", 2, 1)
    bench.settle(1)  # one now waits for two's flight
    bench.settle(2)  # and two must not wait for one's
    assert bench.results == {"one": None, "two": None}


def test_a_task_does_not_wait_for_itself() -> None:
    bench = Bench()
    bench.spawn("one", 1, 2, 1)
    bench.settle(1)
    bench.settle(2)
    assert bench.results == {"one": None}


def test_a_broken_task_is_told_and_holds_up_nobody() -> None:
    bench = Bench()
    bench.spawn("one", 1, broken=True)
    bench.spawn("two", 1)
    bench.settle(1)
    assert bench.results == {"one": None, "two": None}
    assert [str(error) for error in bench.scheduler.failures] == ["broken"]


def test_an_exchange_ends_at_its_time_once() -> None:
    bench = Bench()
    bench.spawn("one", 1)
    assert bench.scheduler.next_deadline() == 1.0
    bench.scheduler.now = Moment(1.0, 1.0)
    bench.scheduler.expire()
    bench.scheduler.run()
    assert bench.scheduler.abandoned() == [1]
    assert bench.scheduler.next_deadline() is None
    assert bench.results == {"one": 1}


def test_waits_know_only_what_is_open() -> None:
    open_ = {1, 2, 3}
    waits = Waits(2.0, open_)
    for ticket in (1, 2, 3):
        waits.add(ticket * 10.0, ticket)
    open_.discard(1)
    assert waits.next_s() == 22.0
    assert list(waits.due(21.9)) == []
    assert list(waits.due(32.0)) == [2, 3]
    assert waits.next_s() is None
