"""``-o FILE``: where the decoded content goes."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from firstbyte.cli.shell.files import WRITE_FAILED, FileError
from firstbyte.cli.shell.values import reject

Sink = Callable[[bytes], object]


@contextmanager
def body_file(name: str | None, count: int) -> Iterator[Sink | None]:
    """What takes the content of the one URL; null without ``-o``.

    A fault while writing is the trace's own (``write.failed``, exit code 23).

    Raises:
        UsageError: there are more URLs than the file can hold.
        FileError: the file cannot be made.

    """
    if name is not None and count > 1:
        reject(f"-o is for one URL, {count} were given")
    if name is None:
        yield None
    elif name == "-":
        yield _to_stdout
    else:
        with _made(name) as out:
            yield out.write


def _to_stdout(data: bytes) -> None:
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def _made(name: str) -> BinaryIO:
    try:
        return Path(name).open("wb")
    except OSError as fault:
        words = f"cannot write {name}: {fault.strerror or fault}"
        raise FileError(words, WRITE_FAILED) from fault
