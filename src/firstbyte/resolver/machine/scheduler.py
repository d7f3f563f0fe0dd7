"""Coroutines without an event loop: they await exchanges and each other, and nothing else."""

from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Generator
from heapq import heappop, heappush
from types import coroutine
from typing import Any, Generic, TypeVar

from msgspec import Struct

from firstbyte.resolver.machine.values import Ask, Moment, Outcome

T = TypeVar("T")


class Task(Struct, eq=False):
    """A running coroutine, and what to do with its result: None where it broke."""

    coroutine: Coroutine[Any, Any, Any]
    ended: Callable[[Any], None] | None
    waiting_on: "Flight[Any] | None" = None


class Flight(Struct, Generic[T], eq=False):
    """A piece of one task's work that others may wait for; ``result`` is set by ``land``."""

    owner: Task
    landed: bool = False
    result: T | None = None
    waiting: list[Task] = []


@coroutine
def _exchanged(ask: Ask) -> Generator[Ask, Outcome, Outcome]:
    return (yield ask)


@coroutine
def _joined(flight: Flight[T]) -> Generator[Flight[T], T | None, T | None]:
    return flight.result if flight.landed else (yield flight)


class Scheduler:
    """Runs tasks until each waits; tells what to send, what to forget, and when to call again."""

    def __init__(self) -> None:
        self.now = Moment(0.0, 0.0)
        self.failures: list[Exception] = []
        """Errors of tasks that nobody foresaw, for the log."""
        self._ready: deque[tuple[Task, Any]] = deque()
        self._open: dict[int, tuple[Task, float]] = {}
        self._timers: list[tuple[float, int]] = []
        self._outgoing: list[Ask] = []
        self._abandoned: list[int] = []
        self._numbers = 0
        self._running: Task | None = None

    def number(self) -> int:
        """A number that was not given before."""
        self._numbers += 1
        return self._numbers

    def spawn(
        self, coroutine: Coroutine[Any, Any, T], ended: Callable[[T | None], None] | None = None
    ) -> None:
        """Begin a task; it runs when control is back in ``run``. ``ended`` gets its result."""
        self._ready.append((Task(coroutine, ended), None))

    def flight(self) -> Flight[Any]:
        """Work of the running task that others may join until it lands."""
        if self._running is None:
            raise RuntimeError("a flight begins in a task")
        return Flight(self._running)

    def land(self, flight: Flight[T], result: T | None) -> None:
        """End a flight: those who wait for it go on with ``result``."""
        flight.landed = True
        flight.result = result
        for task in flight.waiting:
            task.waiting_on = None
            self._ready.append((task, result))
        flight.waiting.clear()

    def exchange(self, ask: Ask) -> Awaitable[Outcome]:
        """Send ``ask`` and wait for its outcome, at most ``ask.timeout_s``."""
        return _exchanged(ask)

    def join(self, flight: Flight[T]) -> Awaitable[T | None]:
        """The result of ``flight``; None when it failed or waits for the caller itself."""
        return _joined(flight)

    def settle(self, number: int, outcome: Outcome) -> None:
        """The outcome of exchange ``number``; unknown and settled numbers are ignored."""
        entry = self._open.pop(number, None)
        if entry is None:
            return
        task, sent_s = entry
        outcome.rtt_s = self.now.timer_s - sent_s
        self._ready.append((task, outcome))

    def expire(self) -> None:
        """End the exchanges whose time has come."""
        while self._timers and self._timers[0][0] <= self.now.timer_s:
            _, number = heappop(self._timers)
            if number in self._open:
                self._abandoned.append(number)
                self.settle(number, Outcome(None, "timeout"))

    def next_deadline(self) -> float | None:
        """When ``expire`` has something to do, on the monotonic clock."""
        timers = self._timers
        while timers and timers[0][1] not in self._open:
            heappop(timers)
        return timers[0][0] if timers else None

    def outgoing(self) -> list[Ask]:
        """The questions to send now; each is given once."""
        out, self._outgoing = self._outgoing, []
        return out

    def abandoned(self) -> list[int]:
        """Numbers of exchanges whose answer is awaited no longer."""
        out, self._abandoned = self._abandoned, []
        return out

    def run(self) -> None:
        """Let all tasks go on until each waits. A call from inside a task does nothing."""
        if self._running is not None:
            return
        ready = self._ready
        try:
            while ready:
                task, value = ready.popleft()
                self._running = task
                self._step(task, value)
        finally:
            self._running = None

    def _step(self, task: Task, value: object) -> None:
        try:
            effect = task.coroutine.send(value)
        except StopIteration as stop:
            self._end(task, stop.value)
            return
        except Exception as error:
            self.failures.append(error)
            self._end(task, None)
            return
        if isinstance(effect, Ask):
            self._send(task, effect)
        else:
            self._wait(task, effect)

    def _end(self, task: Task, result: object) -> None:
        if task.ended is not None:
            task.ended(result)

    def _send(self, task: Task, ask: Ask) -> None:
        self._open[ask.number] = (task, self.now.timer_s)
        heappush(self._timers, (self.now.timer_s + ask.timeout_s, ask.number))
        self._outgoing.append(ask)

    def _wait(self, task: Task, flight: Flight[Any]) -> None:
        if flight.landed or _would_cycle(task, flight):
            self._ready.append((task, flight.result))
            return
        task.waiting_on = flight
        flight.waiting.append(task)


def _would_cycle(task: Task, flight: Flight[Any] | None) -> bool:
    """Whether ``flight`` waits for what ``task`` itself has begun."""
    while flight is not None:
        if flight.owner is task:
            return True
        flight = flight.owner.waiting_on
    return False
