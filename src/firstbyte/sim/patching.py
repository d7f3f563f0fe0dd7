"""Makes the process believe in the world: a context manager around each run of it.

Inside, ``time``, ``datetime``, ``random``, ``os.urandom`` and ``socket`` are the world's; outside
they are the machine's again. What C code reads by itself stays real, but for OpenSSL's entropy:
OpenSSL compares certificates with the machine's clock.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from firstbyte.sim.clock import Clock
from firstbyte.sim.patches import clocks, network, polls, threads
from firstbyte.sim.patches.dates import VirtualDates
from firstbyte.sim.patches.entropy import Entropy
from firstbyte.sim.patches.libraries import Libraries
from firstbyte.sim.patches.substitution import Substitution, Substitutions


class Patching:
    """The substitutions of one world.

    ``clocks_too`` false leaves ``time``, ``datetime`` and entropy alone, and replaces the network
    only.
    """

    def __init__(self, clock: Clock, seed: int, *, clocks_too: bool = True) -> None:
        self._virtual = clocks.VirtualTime(clock)
        self._dates = VirtualDates(self._virtual)
        self._entropy = Entropy(seed)
        self._libraries = Libraries()
        self._clocks_too = clocks_too
        self._depth = 0

    @contextmanager
    def active(self) -> Iterator[None]:
        """Everything is replaced inside the ``with``; entering it again inside does nothing."""
        if self._depth:
            yield
            return
        substitutions = Substitutions(self._wanted())
        self._depth += 1
        substitutions.put_in()
        if self._clocks_too:
            self._dates.enter()
            self._entropy.enter()
        try:
            yield
        finally:
            if self._clocks_too:
                self._entropy.leave()
                self._dates.leave()
            substitutions.take_out()
            self._depth -= 1

    def _wanted(self) -> Iterator[Substitution]:
        yield from network.substitutions()
        yield from threads.substitutions()
        yield from polls.substitutions()
        yield from self._libraries.substitutions()
        if self._clocks_too:
            yield from clocks.substitutions(self._virtual)
            yield from self._entropy.substitutions()
