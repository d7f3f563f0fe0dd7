"""What a world teaches: a command to try in it, and what it shows."""

from msgspec import Struct


class Lesson(Struct, frozen=True):
    """``firstbyte --lab=WORLD`` and ``words`` show ``text``; ``finds``: a finding's id."""

    words: str
    text: str
    finds: str | None = None

    def command(self, world: str) -> str:
        """The whole command line."""
        flag = "--lab" if world == "default" else f"--lab={world}"
        return f"firstbyte {flag} {self.words}".rstrip()
