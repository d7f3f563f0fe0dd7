"""What becomes of each journey: printed, written, counted. A report never keeps journeys."""

import sys
from collections.abc import Callable
from typing import Protocol, TextIO

from firstbyte.cli.shell.files import WRITE_FAILED, FileError
from firstbyte.journey.model import Journey


class Report(Protocol):
    """Gets every journey once, as it finishes; ``index`` is its place on the command line."""

    def add(self, index: int, journey: Journey) -> None:
        """Take one journey."""

    def close(self) -> None:
        """All journeys were given."""


class Printed:
    """Text on a stream, in the order of the command line: early ones wait as text."""

    def __init__(self, text_of: Callable[[Journey, TextIO], str], stream: TextIO) -> None:
        self._text_of = text_of
        self._stream = stream
        self._waiting: dict[int, str] = {}
        self._next = 0

    def add(self, index: int, journey: Journey) -> None:
        """Print it, and those that waited for it."""
        self._waiting[index] = self._text_of(journey, self._stream)
        while self._next in self._waiting:
            self._stream.write(self._waiting.pop(self._next))
            self._next += 1
        self._stream.flush()

    def close(self) -> None:
        """Print what is left (a trace between may have been cancelled)."""
        for index in sorted(self._waiting):
            self._stream.write(self._waiting[index])
        self._stream.flush()


class JsonLines:
    """One line a journey, in the order in which they finish; to stdout or to a file."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._out = _open(name)

    def add(self, index: int, journey: Journey) -> None:  # noqa: ARG002
        """Write it now."""
        try:
            self._out.write(journey.to_json().decode() + "\n")
            self._out.flush()
        except BrokenPipeError:
            raise
        except OSError as fault:
            raise _cannot_write(self._name, fault) from fault

    def close(self) -> None:
        """Close the file."""
        if self._out is not sys.stdout:
            self._out.close()


class Verdict:
    """The exit code: that of the first URL (on the command line) that failed.

    curl gives the last URL's; with concurrent traces a failure must not be hidden by a later
    success. Findings count only with ``--fail-on``; without ``outcomes`` nothing else does.
    """

    def __init__(self, fail_on: str | None, *, outcomes: bool = True) -> None:
        self._fail_on = fail_on
        self._outcomes = outcomes
        self._failed: tuple[int, int] | None = None
        self._found = False

    def add(self, index: int, journey: Journey) -> None:
        """Note its outcome and its findings."""
        from firstbyte.cli.shell.output_flags import SEVERITIES

        code = journey.outcome.exit_code if self._outcomes else 0
        if code and (self._failed is None or index < self._failed[0]):
            self._failed = (index, code)
        if self._fail_on is not None:
            bad = SEVERITIES[: SEVERITIES.index(self._fail_on) + 1]
            self._found = self._found or any(f.severity in bad for f in journey.findings)

    def close(self) -> None:
        """Nothing is left to do."""

    @property
    def exit_code(self) -> int:
        """0, a code of curl's, or ``FINDINGS``."""
        if self._failed is not None:
            return self._failed[1]
        return FINDINGS if self._found else 0


FINDINGS = 110
"""The exit code for ``--fail-on``: outside curl's codes, the shells' (126 and up) and Python's."""


def pretty_json(journey: Journey, stream: TextIO) -> str:  # noqa: ARG001
    """A journey as indented JSON."""
    import msgspec

    return msgspec.json.format(journey.to_json(), indent=2).decode() + "\n"


def _open(name: str) -> TextIO:
    if name == "-":
        return sys.stdout
    try:
        return open(name, "w", encoding="utf-8")  # noqa: PTH123 - closed by close()
    except OSError as fault:
        raise _cannot_write(name, fault) from fault


def _cannot_write(name: str, fault: OSError) -> FileError:
    return FileError(f"cannot write {name}: {fault.strerror or fault}", WRITE_FAILED)
