"""What is wrong with a packet: collected by the tolerant view, raised by the strict one."""

from msgspec import Struct

from firstbyte.errors import DecodeError


class Problem(Struct, frozen=True):
    """One broken rule; fields as in :class:`firstbyte.errors.DecodeError`."""

    offset: int
    field: str
    expected: str
    found: str
    reference: str
    harmless: bool = False
    """A receiver is to ignore it and take the packet (a reserved bit, an unknown option)."""

    def error(self) -> DecodeError:
        """The same as an exception."""
        return DecodeError(self.offset, self.field, self.expected, self.found, self.reference)

    def __str__(self) -> str:
        return str(self.error())


class Problems:
    """Collects problems; ``base`` is where the unit being decoded begins in the whole packet."""

    __slots__ = ("base", "found")

    def __init__(self, base: int = 0, found: list[Problem] | None = None) -> None:
        self.base = base
        self.found: list[Problem] = [] if found is None else found

    def within(self, offset: int) -> "Problems":
        """A collector for a unit that starts ``offset`` bytes into this one."""
        return Problems(self.base + offset, self.found)

    def add(self, offset: int, field: str, expected: str, found: object, reference: str) -> None:
        """Note that ``field`` at ``offset`` of this unit breaks the rule of ``reference``."""
        self.found.append(Problem(self.base + offset, field, expected, str(found), reference))

    def note(self, offset: int, field: str, expected: str, found: object, reference: str) -> None:
        """Note a broken rule that a receiver is to be liberal about."""
        self.found.append(
            Problem(self.base + offset, field, expected, str(found), reference, harmless=True)
        )
