"""Functions that an executor runs: each in a thread of its own, of which one runs at a time.

The loop's thread waits while a worker runs, and goes on when the worker is done or blocks. So
functions can block as in any pool of threads, together with others, in virtual time and in the
same order every time.
"""

import _thread
import asyncio
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from firstbyte.sim.agenda import Agenda
from firstbyte.sim.clock import Clock
from firstbyte.sim.errors import SimulationError
from firstbyte.sim.standstill import BLOCKERS, Standstill

if TYPE_CHECKING:
    from firstbyte.sim.loop import SimLoop

ENDINGS = 10
"""How often a function that goes on blocking is told that the world has ended."""


class Worker:
    """One function under way. ``loop`` is the world's."""

    def __init__(
        self, loop: "SimLoop", clock: Clock, agenda: Agenda, future: asyncio.Future[Any]
    ) -> None:
        self.loop = loop
        self._future = future
        self._outcome: tuple[Any, BaseException | None] = (None, None)
        self.call: Standstill | None = None
        """What the function waits for; None once it is done."""
        self._clock = clock
        self._agenda = agenda
        self._function: Callable[[], Any] = int
        self._has_ended = False
        self._turn, self._loops_turn = threading.Lock(), threading.Lock()
        self._turn.acquire()
        self._loops_turn.acquire()

    def _main(self) -> None:
        self._turn.acquire()
        BLOCKERS.own = self
        try:
            self._outcome = self._function(), None
        except BaseException as error:
            self._outcome = None, error
        finally:
            self._loops_turn.release()

    # --- in the loop's thread -------------------------------------------------------------------

    def start(self, function: Callable[[], Any]) -> None:
        """Run ``function`` until it is done or blocks."""
        self._function = function
        _thread.start_new_thread(self._main, ())
        self.go_on()

    def go_on(self) -> None:
        """Let the function run until it is done or blocks."""
        self.call = None
        self._turn.release()
        self._loops_turn.acquire()
        self._tell()

    def _tell(self) -> None:
        result, error = self._outcome
        if self.call is not None or self._future.cancelled():
            return
        if error is None:
            self._future.set_result(result)
        else:
            self._future.set_exception(error)

    def end(self) -> None:
        """The world ends: what the function waits for fails."""
        self._has_ended = True
        for _ in range(ENDINGS):
            if self.call is None:
                return
            self.go_on()

    # --- in the worker's ------------------------------------------------------------------------

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
        if self._has_ended:
            raise SimulationError("the world has ended while an executor's function waited")
        return is_ready()
