"""What the daemon tells whoever runs it."""

import sys

from firstbyte.errors import FirstbyteError


def say(text: str) -> None:
    """A line on stderr, at once."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def say_error(what: str, error: FirstbyteError) -> None:
    """What failed, why, and what to do about it."""
    say(f"{what}: {error}")
    hint = getattr(error, "hint", None)
    if hint:
        say(f"hint: {hint}")
