"""``time``: reads the virtual clock; ``sleep`` moves it."""

import time
from collections.abc import Iterator
from typing import Any

from firstbyte.sim.clock import NS_PER_S, Clock, to_ns
from firstbyte.sim.current import HOST
from firstbyte.sim.patches.substitution import Substitution
from firstbyte.sim.standstill import let_others_go_on, running_loop, stand_still

MONOTONIC = frozenset({time.CLOCK_MONOTONIC, time.CLOCK_MONOTONIC_RAW, time.CLOCK_BOOTTIME})

_REAL_GMTIME = time.gmtime
_REAL_LOCALTIME = time.localtime
_REAL_CTIME = time.ctime
_REAL_ASCTIME = time.asctime
_REAL_STRFTIME = time.strftime
_REAL_CLOCK_GETTIME_NS = time.clock_gettime_ns


class VirtualTime:
    """The functions of ``time`` over ``clock``; wall time has the running host's offset."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def wall_ns(self) -> int:
        """Unix time in nanoseconds, as the host believes it to be."""
        host = HOST.get()
        offset_ns = 0 if host is None else host.clock_offset_ns
        return self._clock.epoch_ns + self._clock.now_ns + offset_ns

    def wall_s(self) -> float:
        """Unix time."""
        return self.wall_ns() / NS_PER_S

    def gmtime(self, seconds: float | None = None) -> time.struct_time:
        """As everywhere, but now is the host's."""
        return _REAL_GMTIME(self.wall_s() if seconds is None else seconds)

    def localtime(self, seconds: float | None = None) -> time.struct_time:
        """As everywhere, but now is the host's. The time zone is the machine's."""
        return _REAL_LOCALTIME(self.wall_s() if seconds is None else seconds)

    def ctime(self, seconds: float | None = None) -> str:
        """As everywhere, but now is the host's."""
        return _REAL_CTIME(self.wall_s() if seconds is None else seconds)

    def asctime(self, moment: Any = None) -> str:
        """As everywhere, but now is the host's."""
        return _REAL_ASCTIME(self.localtime() if moment is None else moment)

    def strftime(self, form: str, moment: Any = None) -> str:
        """As everywhere, but now is the host's."""
        return _REAL_STRFTIME(form, self.localtime() if moment is None else moment)

    def clock_gettime_ns(self, clock: int) -> int:
        """Of the wall and the monotonic clocks; those of processors stay real."""
        if clock == time.CLOCK_REALTIME:
            return self.wall_ns()
        if clock in MONOTONIC:
            return self.monotonic_ns()
        return _REAL_CLOCK_GETTIME_NS(clock)

    def clock_gettime(self, clock: int) -> float:
        """As ``clock_gettime_ns``, in seconds."""
        return self.clock_gettime_ns(clock) / NS_PER_S

    def monotonic_ns(self) -> int:
        """Nanoseconds since the world began."""
        return self._clock.now_ns

    def monotonic_s(self) -> float:
        """Seconds since the world began: the same as ``loop.time()``."""
        return self._clock.now_ns / NS_PER_S

    def sleep(self, seconds: float) -> None:
        """Blocks: the running host's programs stand still, the rest of the world does not."""
        if seconds < 0:
            raise ValueError("sleep length must be non-negative")
        if running_loop() is not None:
            if seconds:
                stand_still("time.sleep", lambda: False, seconds)
            else:
                let_others_go_on("time.sleep")
            return
        self._clock.advance_to(self._clock.now_ns + to_ns(seconds))


def substitutions(virtual: VirtualTime) -> Iterator[Substitution]:
    """What replaces the module's functions."""
    yield Substitution(time, "time", virtual.wall_s)
    yield Substitution(time, "time_ns", virtual.wall_ns)
    yield Substitution(time, "monotonic", virtual.monotonic_s)
    yield Substitution(time, "monotonic_ns", virtual.monotonic_ns)
    yield Substitution(time, "perf_counter", virtual.monotonic_s)
    yield Substitution(time, "perf_counter_ns", virtual.monotonic_ns)
    yield Substitution(time, "sleep", virtual.sleep)
    for name in ("gmtime", "localtime", "ctime", "asctime", "strftime"):
        yield Substitution(time, name, getattr(virtual, name))
    for name in ("clock_gettime", "clock_gettime_ns"):
        yield Substitution(time, name, getattr(virtual, name))
