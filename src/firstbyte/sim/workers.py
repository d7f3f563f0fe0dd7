"""Threads of the world's programs: any number of them, of which one runs at a time.

The loop's thread waits while a worker runs, and goes on when the worker is done or blocks. So
functions can block as in any pool of threads, together with others, in virtual time and in the
same order every time.
"""

import _thread
import asyncio
import contextlib
import functools
import logging
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from firstbyte.sim.agenda import Agenda
from firstbyte.sim.clock import Clock
from firstbyte.sim.errors import SimulationError
from firstbyte.sim.standstill import BLOCKERS, Standstill
from firstbyte.sim.waiting import describe_threads, place_of

if TYPE_CHECKING:
    from firstbyte.sim.hosts import Host
    from firstbyte.sim.loop import SimLoop

logger = logging.getLogger("firstbyte.sim")

PATIENCE_S = 5.0
"""A thread at the same instruction before and after so much real time waits for the machine."""

ENDINGS = 10
"""How often a function that goes on blocking is told that the world has ended."""


@contextlib.contextmanager
def quiet_pools() -> Iterator[None]:
    """What executors' own threads log of their sudden end is of use to nobody."""

    def is_wanted(record: logging.LogRecord) -> bool:
        return not (record.exc_info and isinstance(record.exc_info[1], ThreadEnds))

    logger = logging.getLogger("concurrent.futures")
    logger.addFilter(is_wanted)
    try:
        yield
    finally:
        logger.removeFilter(is_wanted)


class ThreadEnds(SystemExit):
    """Goes through a blocked program's thread, so that what it has opened is closed."""


class Worker:
    """A thread of ``host`` in the world of ``loop``; it waits for its first turn."""

    def __init__(self, loop: "SimLoop", clock: Clock, agenda: Agenda, host: "Host | None") -> None:
        self.loop = loop
        self.host = host
        self.call: Standstill | None = Standstill(None, lambda: True, clock)
        """What it waits for; None while it runs and once it is done."""
        self.finished = False
        self.ident = 0
        """The thread's, as ``threading.get_ident`` gives it."""
        self._clock = clock
        self._agenda = agenda
        self._end_reason = ""
        self._turn, self._loops_turn = _thread.allocate_lock(), _thread.allocate_lock()
        self._turn.acquire()
        self._loops_turn.acquire()

    # --- in the loop's thread -------------------------------------------------------------------

    def go_on(self) -> None:
        """Let the thread run until it is done or blocks."""
        self.call = None
        self._turn.release()
        place: object = None
        while not self._loops_turn.acquire(timeout=PATIENCE_S):
            before, place = place, place_of(self)
            if place == before:
                self._complain()

    def _complain(self) -> None:
        """The thread waits, but not in virtual time: then so does everybody else."""
        logger.warning(
            "a thread of the private internet waits in real time, for a lock that was made before "
            "the world ran, or for a file, a pipe, a process%s",
            describe_threads([self]),
        )

    def end(self, reason: str) -> None:
        """What it waits for fails: the world ends, or its host has crashed."""
        self._end_reason = reason
        for _ in range(ENDINGS):
            if self.call is None:
                return
            self.go_on()

    # --- in the worker's ------------------------------------------------------------------------

    def enter(self, function: Callable[[], object]) -> None:
        """Run ``function`` when the turn has come; not at all if the end came first."""
        self.ident = threading.get_ident()
        self._turn.acquire()
        BLOCKERS.own = self
        try:
            if not self._end_reason:
                function()
        except ThreadEnds:
            pass
        finally:
            self.finished = True
            self._loops_turn.release()

    def block(self, is_ready: Callable[[], bool], timeout_s: float | None = None) -> bool:
        """Wait until ``is_ready``; False when ``timeout_s`` came first."""
        if is_ready():
            return True
        call = Standstill(None, is_ready, self._clock)
        entry = None if timeout_s is None else call.limit(self._agenda, timeout_s)
        self.call = call
        self._loops_turn.release()
        self._turn.acquire()
        if entry is not None:
            self._agenda.cancel(entry)
        if self._end_reason:
            raise self.ending(self._end_reason)
        return is_ready()

    @staticmethod
    def ending(reason: str) -> BaseException:
        """What a blocked program's thread dies of, without a word, as its process does."""
        return ThreadEnds(reason)


class Errand(Worker):
    """One function that an executor runs, for ``future``."""

    def __init__(
        self, loop: "SimLoop", clock: Clock, agenda: Agenda, future: asyncio.Future[Any]
    ) -> None:
        super().__init__(loop, clock, agenda, None)
        self._future = future
        self._outcome: tuple[Any, BaseException | None] = (None, None)

    def start(self, host: "Host | None", function: Callable[[], Any]) -> None:
        """Run ``function`` until it is done or blocks."""
        self.host = host
        _thread.start_new_thread(self.enter, (functools.partial(self._run, function),))
        self.go_on()

    def _run(self, function: Callable[[], Any]) -> None:
        try:
            self._outcome = function(), None
        except BaseException as error:
            self._outcome = None, error

    def go_on(self) -> None:
        """Let the function run until it is done or blocks; tell the future what it gave."""
        super().go_on()
        if not self.finished or self._future.done():
            return
        result, error = self._outcome
        if error is None:
            self._future.set_result(result)
        else:
            self._future.set_exception(error)

    @staticmethod
    def ending(reason: str) -> BaseException:
        """What a blocked function fails with."""
        return SimulationError(f"{reason} while an executor's function waited")
