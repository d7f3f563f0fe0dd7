"""``--lab`` in front of a command's name: the words of the world go to the command."""

from collections.abc import Collection

BARE = "--lab"
VALUED = ("--fault", "--seed")
NAMES = (BARE, *VALUED)


def behind_command(words: list[str], commands: Collection[str]) -> list[str]:
    """``--lab dns NAME`` as ``dns --lab NAME``, where ``dns`` is one of ``commands``.

    Words that begin otherwise, or go on with no command, stay as they are.
    """
    end = _leading(words)
    if end == 0 or end >= len(words) or words[end] not in commands:
        return words
    return [words[end], *words[:end], *words[end + 1 :]]


def _leading(words: list[str]) -> int:
    """How many of the first words are about the world."""
    at = 0
    while at < len(words):
        if words[at] in VALUED:
            at += 2
        elif words[at].partition("=")[0] in NAMES:
            at += 1
        else:
            break
    return at
