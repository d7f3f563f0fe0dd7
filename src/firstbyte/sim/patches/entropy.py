"""``random``, ``os.urandom`` and all above them (``secrets``, ``uuid4``), seeded by the world.

OpenSSL has entropy of its own, which nothing here reaches: keys and signatures of real TLS differ
from run to run, their times and (with RSA or Ed25519 certificates) their sizes do not.
"""

import os
import random
from collections.abc import Iterator

from firstbyte.sim.patches.substitution import Substitution


class Entropy:
    """The world's own sources; they go on where they stopped when the world runs again."""

    def __init__(self, seed: int) -> None:
        self._bytes = random.Random(f"urandom {seed}")
        self._state = random.Random(f"random {seed}").getstate()
        self._outside: object = None

    def urandom(self, size: int, /) -> bytes:
        """``size`` bytes, the same in every run with the same seed."""
        return self._bytes.randbytes(size)

    def enter(self) -> None:
        """Swap the state of the module-level generator for the world's."""
        self._outside = random.getstate()
        random.setstate(self._state)

    def leave(self) -> None:
        """Swap it back."""
        self._state = random.getstate()
        random.setstate(self._outside)  # type: ignore[arg-type]

    def substitutions(self) -> Iterator[Substitution]:
        """What replaces the operating system's entropy."""
        yield Substitution(os, "urandom", self.urandom)
        yield Substitution(random, "_urandom", self.urandom)
