"""``time``: reads the virtual clock; ``sleep`` moves it."""

import time
from collections.abc import Iterator

from firstbyte.sim.clock import NS_PER_S, Clock, to_ns
from firstbyte.sim.current import HOST
from firstbyte.sim.patches.substitution import Substitution
from firstbyte.sim.standstill import running_loop, stand_still


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
            stand_still("time.sleep", lambda: False, seconds)
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
