"""Files named on the command line; ``-`` is stdin or stdout. Faults are told in plain words."""

import sys
from pathlib import Path

from firstbyte.errors import FirstbyteError

READ_FAILED = 26
"""curl's code for a local file that cannot be read."""
WRITE_FAILED = 23
"""curl's code when output cannot be written; also when its reader went away."""


class FileError(FirstbyteError):
    """A file of the command line cannot be read (exit code 26) or written (23)."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code


def read_bytes(name: str) -> bytes:
    """The whole of a file, or of stdin for ``-``.

    Raises:
        FileError: it cannot be read.

    """
    try:
        return sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as fault:
        words = fault.strerror or str(fault)
        raise FileError(f"cannot read {name}: {words}", READ_FAILED) from fault


def read_text(name: str) -> str:
    """The same as text, UTF-8.

    Raises:
        FileError: it cannot be read, or it is not UTF-8.

    """
    try:
        return read_bytes(name).decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        raise FileError(f"cannot read {name}: it is not UTF-8 text", READ_FAILED) from fault


def write_bytes(name: str, data: bytes) -> None:
    """Make (or replace) a file, or write to stdout for ``-``.

    Raises:
        FileError: it cannot be written.

    """
    if name == "-":
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    try:
        Path(name).write_bytes(data)
    except OSError as fault:
        words = fault.strerror or str(fault)
        raise FileError(f"cannot write {name}: {words}", WRITE_FAILED) from fault
