"""Coroutines without an event loop: they await exchanges and each other, and nothing else."""

from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Generator
from heapq import heappop, heappush
from typing import Any, Generic, TypeVar

from firstbyte.resolver.machine.values import Ask, Moment, Outcome

T = TypeVar("T")


class _Exchange:
    """Awaiting it sends ``ask`` and gives the outcome."""

    __slots__ = ("ask",)

    def __init__(self, ask: Ask) -> None:
        self.ask = ask

    def __await__(self) -> Generator["_Exchange", Outcome, Outcome]:
        return (yield self)


class Task(Generic[T]):
    """A running coroutine. ``result`` is set when it is ``done``; ``error`` when it broke."""

    __slots__ = ("callbacks", "coroutine", "done", "error", "result", "waiting_on")

    def __init__(self, coroutine: Coroutine[Any, Any, T]) -> None:
        self.coroutine = coroutine
        self.done = False
        self.result: T | None = None
        self.error: Exception | None = None
        self.waiting_on: Task[Any] | None = None
        self.callbacks: list[Callable[[], None]] = []


class _Join(Generic[T]):
    """Awaiting it gives the task's result, or None where that could never come (a cycle)."""

    __slots__ = ("task",)

    def __init__(self, task: Task[T]) -> None:
        self.task = task

    def __await__(self) -> Generator["_Join[T]", T | None, T | None]:
        return self.task.result if self.task.done else (yield self)


class Scheduler:
    """Runs tasks until each waits; tells what to send, what to forget, and when to call again."""

    def __init__(self) -> None:
        self.now = Moment(0.0, 0.0)
        self.failures: list[Exception] = []
        """Errors of tasks that nobody foresaw, for the log."""
        self._ready: deque[tuple[Task[Any], Any]] = deque()
        self._open: dict[int, tuple[Task[Any], float]] = {}
        self._timers: list[tuple[float, int]] = []
        self._outgoing: list[Ask] = []
        self._abandoned: list[int] = []
        self._numbers = 0
        self._running = False

    def number(self) -> int:
        """A number that was not given before."""
        self._numbers += 1
        return self._numbers

    def spawn(self, coroutine: Coroutine[Any, Any, T]) -> Task[T]:
        """Begin a task; it runs when control is back in ``run``."""
        task = Task(coroutine)
        self._ready.append((task, None))
        return task

    def exchange(self, ask: Ask) -> Awaitable[Outcome]:
        """Send ``ask`` and wait for its outcome, at most ``ask.timeout_s``."""
        return _Exchange(ask)

    def join(self, task: Task[T]) -> Awaitable[T | None]:
        """The result of ``task``; None when it failed or waits for the caller itself."""
        return _Join(task)

    def settle(self, number: int, outcome: Outcome) -> None:
        """The outcome of exchange ``number``; unknown and settled numbers are ignored."""
        entry = self._open.pop(number, None)
        if entry is None:
            return
        task, sent_s = entry
        rtt_s = self.now.timer_s - sent_s
        self._ready.append((task, Outcome(outcome.message, outcome.failure, rtt_s)))

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
        if self._running:
            return
        self._running = True
        try:
            while self._ready:
                task, value = self._ready.popleft()
                self._step(task, value)
        finally:
            self._running = False

    def _step(self, task: Task[Any], value: object) -> None:
        try:
            effect = task.coroutine.send(value)
        except StopIteration as stop:
            self._finish(task, stop.value)
            return
        except Exception as error:
            task.error = error
            self.failures.append(error)
            self._finish(task, None)
            return
        if isinstance(effect, _Exchange):
            self._send(task, effect.ask)
        else:
            self._wait(task, effect.task)

    def _finish(self, task: Task[Any], result: object) -> None:
        task.done = True
        task.result = result
        for callback in task.callbacks:
            callback()
        task.callbacks.clear()

    def _send(self, task: Task[Any], ask: Ask) -> None:
        self._open[ask.number] = (task, self.now.timer_s)
        heappush(self._timers, (self.now.timer_s + ask.timeout_s, ask.number))
        self._outgoing.append(ask)

    def _wait(self, task: Task[Any], other: Task[Any]) -> None:
        if other.done or self._would_cycle(task, other):
            self._ready.append((task, other.result))
            return
        task.waiting_on = other

        def resume() -> None:
            task.waiting_on = None
            self._ready.append((task, other.result))

        other.callbacks.append(resume)

    @staticmethod
    def _would_cycle(task: Task[Any], other: Task[Any] | None) -> bool:
        while other is not None:
            if other is task:
                return True
            other = other.waiting_on
        return False
