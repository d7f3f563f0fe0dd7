"""The daemon's clock: the system's, or one that a test moves with a file."""

from pathlib import Path

from firstbyte.errors import UsageError
from firstbyte.resolver.driver import Clock, SystemClock
from firstbyte.resolver.machine.values import Moment

LATEST_S = 2.0**34
"""The year 2514: later ones are no times that a test means."""


class FileClock:
    """A clock whose Unix time a text file bends: ``offset SECONDS`` or ``frozen UNIXTIME``.

    The file is read for each question; where it cannot be understood, the last reading holds.
    """

    def __init__(self, path: Path) -> None:
        self._system = SystemClock()
        self._path = path
        self._offset_s = 0.0
        self._frozen_s: float | None = None
        if not path.exists():
            raise UsageError(f"clock_file: there is no {path}", "write 'offset 0' into it")

    def reread(self) -> None:
        """Look at the file again."""
        try:
            kind, value = self._path.read_text(encoding="utf-8").split()[:2]
            number = float(value)
        except (OSError, ValueError):
            return
        if kind == "frozen" and 0 <= number <= LATEST_S:
            self._frozen_s = number
        elif kind == "offset" and abs(number) <= LATEST_S:
            self._frozen_s, self._offset_s = None, number

    def moment(self) -> Moment:
        """Monotonic time, and the bent Unix time."""
        now = self._system.moment()
        unix_s = now.unix_s + self._offset_s if self._frozen_s is None else self._frozen_s
        return Moment(now.timer_s, unix_s)


def make_clock(path: str | None) -> Clock:
    """The clock of the configuration's ``clock_file``."""
    return SystemClock() if path is None else FileClock(Path(path))
