"""What the workers of one daemon have counted, in memory that they share.

Each writes its own slot every second; the one that is asked by Prometheus adds them up.
"""

import asyncio
import json
import mmap
import secrets
import zlib
from collections import Counter
from collections.abc import Callable

Samples = dict[str, float]
"""Values by metric and labels, as Prometheus writes them: ``questions_total{transport="udp"}``."""
PERIOD_S = 1.0
SLOT_BYTES = 16384
_HEAD_BYTES = 8


class SharedCounts:
    """The slots of all workers; made before they are forked."""

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self.secret = secrets.token_bytes(32)
        """For the cookies of clients, whose next question may come to another worker."""
        self._memory = mmap.mmap(-1, workers * SLOT_BYTES)

    def of(self, worker: int) -> "WorkerCounts":
        """A worker's own view."""
        return WorkerCounts(self, worker)

    def write(self, worker: int, samples: Samples) -> None:
        """Put a worker's counts into its slot; too many for it are left out whole."""
        data = json.dumps(samples).encode()
        if len(data) > SLOT_BYTES - _HEAD_BYTES:
            return
        head = len(data).to_bytes(4, "big") + zlib.crc32(data).to_bytes(4, "big")
        start = worker * SLOT_BYTES
        self._memory[start : start + len(head) + len(data)] = head + data

    def read(self, worker: int) -> Samples | None:
        """What a worker has counted; None while it writes, or before it did."""
        start = worker * SLOT_BYTES
        head = self._memory[start : start + _HEAD_BYTES]
        size = int.from_bytes(head[:4], "big")
        data = self._memory[start + _HEAD_BYTES : start + _HEAD_BYTES + min(size, SLOT_BYTES)]
        if not size or zlib.crc32(data) != int.from_bytes(head[4:], "big"):
            return None
        found: Samples = json.loads(data)
        return found


class WorkerCounts:
    """One worker's place among them; the first one leads."""

    def __init__(self, shared: SharedCounts, number: int) -> None:
        self.number = number
        self.secret = shared.secret
        self.workers = shared.workers
        self._shared = shared
        self._last: dict[int, Samples] = {}
        """What was read of others last, for when their slot is just being written."""

    @property
    def leads(self) -> bool:
        """Whether this worker keeps the files and answers for all."""
        return self.number == 0

    async def publish(self, samples: Callable[[], Samples]) -> None:
        """Let the others know, again and again."""
        while True:
            self._shared.write(self.number, samples())
            await asyncio.sleep(PERIOD_S)

    def total(self, own: Samples) -> Samples:
        """The sum over all workers."""
        found = Counter(own)
        for worker in range(self._shared.workers):
            if worker != self.number:
                fresh = self._shared.read(worker)
                if fresh is not None:
                    self._last[worker] = fresh
                found.update(self._last.get(worker, {}))
        return dict(found)
