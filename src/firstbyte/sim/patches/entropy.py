"""``random``, ``os.urandom`` and all above them (``secrets``, ``uuid4``), seeded by the world.

What C code draws for itself is in ``openssl_entropy`` and ``cryptography_entropy``.
"""

import os
import random
from collections.abc import Iterator

from firstbyte.sim.patches import cryptography_entropy
from firstbyte.sim.patches.openssl_entropy import OpenSslEntropy, tickets
from firstbyte.sim.patches.substitution import Substitution


class Entropy:
    """The world's own sources; they go on where they stopped when the world runs again."""

    def __init__(self, seed: int) -> None:
        self._bytes = random.Random(f"urandom {seed}")
        self._state = random.Random(f"random {seed}").getstate()
        self._openssl = OpenSslEntropy(self.urandom)
        self._outside: object = None

    def urandom(self, size: int, /) -> bytes:
        """``size`` bytes, the same in every run with the same seed."""
        return self._bytes.randbytes(size)

    def enter(self) -> None:
        """Swap the module-level generator's state, and OpenSSL's generator, for the world's."""
        self._outside = random.getstate()
        random.setstate(self._state)
        self._openssl.enter()

    def leave(self) -> None:
        """Swap them back."""
        self._openssl.leave()
        self._state = random.getstate()
        random.setstate(self._outside)  # type: ignore[arg-type]

    def substitutions(self) -> Iterator[Substitution]:
        """What replaces the operating system's entropy."""
        yield Substitution(os, "urandom", self.urandom)
        yield Substitution(random, "_urandom", self.urandom)
        yield tickets()
        yield from cryptography_entropy.substitutions(self.urandom)
