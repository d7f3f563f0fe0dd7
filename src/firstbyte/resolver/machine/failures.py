"""Questions that could not be resolved are not tried again at once (RFC 9520)."""

from collections import OrderedDict
from typing import NamedTuple

from firstbyte.resolver.machine.values import Error

FIRST_S = 5.0
LONGEST_S = 300.0
"""RFC 9520, 3.2: at least one second, at most five minutes."""
MAX_FAILURES = 10000


class _Failure(NamedTuple):
    until_s: float
    wait_s: float
    errors: tuple[Error, ...]


class Failures:
    """Failed questions by name and type; each repeated failure doubles the wait."""

    def __init__(self) -> None:
        self._failures: OrderedDict[tuple[bytes, int], _Failure] = OrderedDict()

    def get(self, name: bytes, rdtype: int, now_s: float) -> tuple[Error, ...] | None:
        """Why it failed, while it is not to be tried again."""
        failure = self._failures.get((name, rdtype))
        if failure is None or not failure.until_s - failure.wait_s <= now_s < failure.until_s:
            return None
        return failure.errors

    def failed(self, name: bytes, rdtype: int, now_s: float, errors: list[Error]) -> None:
        """It failed now."""
        place = (name, rdtype)
        before = self._failures.pop(place, None)
        wait_s = FIRST_S
        if before is not None and now_s < before.until_s + before.wait_s:
            wait_s = min(LONGEST_S, before.wait_s * 2)
        self._failures[place] = _Failure(now_s + wait_s, wait_s, tuple(errors))
        if len(self._failures) > MAX_FAILURES:
            self._failures.popitem(last=False)

    def worked(self, name: bytes, rdtype: int) -> None:
        """It could be resolved."""
        self._failures.pop((name, rdtype), None)

    def clear(self) -> None:
        """Forget all."""
        self._failures.clear()
