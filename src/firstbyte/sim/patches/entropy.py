"""``random``, ``os.urandom`` and all above them (``secrets``, ``uuid4``), seeded by the world.

What C code draws for itself is in ``openssl_entropy`` and ``cryptography_entropy``.
"""

import os
import random
import sys
import uuid
from collections.abc import Iterator
from typing import Any

from firstbyte.sim.patches import cryptography_entropy
from firstbyte.sim.patches.openssl_entropy import OpenSslEntropy, tickets
from firstbyte.sim.patches.substitution import Substitution

OWN_GENERATORS = (("aiohttp._websocket.writer", "WebSocketWriter"),)
"""Classes (and their modules) whose constructor has a ``Random()`` as a default, made when the
library was imported: it draws the masks of WebSocket frames."""

_REAL_SEED = random.Random.seed


class Entropy:
    """The world's own sources; they go on where they stopped when the world runs again."""

    def __init__(self, seed: int) -> None:
        self._seeds = random.Random(f"unseeded generators {seed}")
        self._libraries = random.Random(f"libraries {seed}").getstate()
        self._bytes = random.Random(f"urandom {seed}")
        self._state = random.Random(f"random {seed}").getstate()
        self._openssl = OpenSslEntropy(self.urandom)
        self._outside: object = None
        self._outside_libraries: list[tuple[random.Random, Any]] = []

    def urandom(self, size: int, /) -> bytes:
        """``size`` bytes, the same in every run with the same seed."""
        return self._bytes.randbytes(size)

    def enter(self) -> None:
        """Swap the module-level generator's state, and OpenSSL's generator, for the world's."""
        self._outside_libraries = [(one, one.getstate()) for one in _own_generators()]
        for one, _ in self._outside_libraries:
            one.setstate(self._libraries)
        self._outside = random.getstate()
        random.setstate(self._state)
        self._openssl.enter()

    def leave(self) -> None:
        """Swap them back."""
        self._openssl.leave()
        for one, state in self._outside_libraries:
            self._libraries = one.getstate()
            one.setstate(state)
        self._state = random.getstate()
        random.setstate(self._outside)  # type: ignore[arg-type]

    def _make_seed(self) -> Any:
        def seed(generator: random.Random, a: Any = None, version: int = 2) -> None:
            """As everywhere, but without a seed the world gives one."""
            given = self._seeds.getrandbits(256) if a is None else a
            _REAL_SEED(generator, given, version)

        return seed

    def substitutions(self) -> Iterator[Substitution]:
        """What replaces the operating system's entropy."""
        yield Substitution(os, "urandom", self.urandom)
        yield Substitution(random, "_urandom", self.urandom)
        yield Substitution(random.Random, "seed", self._make_seed(), everywhere=False)
        # The C library's version 1 and its clock are out of reach; Python's own asks ``time``.
        yield Substitution(uuid, "_generate_time_safe", None, everywhere=False)
        yield Substitution(uuid, "_last_timestamp", None, everywhere=False)
        yield tickets()
        yield from cryptography_entropy.substitutions(self.urandom)


def _own_generators() -> Iterator[random.Random]:
    for module, name in OWN_GENERATORS:
        made = getattr(sys.modules.get(module), name, None)
        defaults = getattr(getattr(made, "__init__", None), "__kwdefaults__", None) or {}
        yield from (value for value in defaults.values() if type(value) is random.Random)
