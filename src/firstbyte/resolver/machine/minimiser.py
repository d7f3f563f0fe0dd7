"""How much of the name each server is shown (RFC 9156)."""

from firstbyte.protocols.dns.constants import A
from firstbyte.protocols.dns.names import ancestor, is_under, label_count
from firstbyte.resolver.machine.settings import Minimisation

MAX_MINIMISED = 10
"""MAX_MINIMISE_COUNT of RFC 9156, 2.3."""
ONE_BY_ONE = 4
"""MINIMISE_ONE_LAB of RFC 9156, 2.3: so many labels are added singly, then in larger steps."""


class Minimiser:
    """The names to ask for, on the way down to one name and type."""

    __slots__ = ("_asked", "_labels", "_mode", "_name", "_rdtype", "_shown")

    def __init__(self, mode: Minimisation, name: bytes, rdtype: int) -> None:
        self._mode = mode
        self._name = name
        self._rdtype = rdtype
        self._labels = 0 if mode == "off" else label_count(name)
        self._shown = 0
        self._asked = 0

    @property
    def strict(self) -> bool:
        """Whether the whole name is never shown to a server that failed on a part."""
        return self._mode == "strict"

    def question(self, zone: bytes) -> tuple[bytes, int, bool]:
        """What to ask the servers of ``zone``: name, type, and whether that is all there is."""
        whole = (self._name, self._rdtype, True)
        if self._mode == "off" or self._asked >= MAX_MINIMISED:
            return whole
        depth = label_count(zone)
        if self._shown <= depth:
            self._shown = depth + 1
        if self._shown >= self._labels:
            return whole
        shown = ancestor(self._name, self._shown)
        return shown, A, False

    def nothing_there(self, zone: bytes) -> None:
        """The name that was shown is no zone cut: show more."""
        self._asked += 1
        left = self._labels - self._shown
        if self._asked < ONE_BY_ONE or not is_under(self._name, zone):
            self._shown += 1
            return
        steps = max(1, MAX_MINIMISED - self._asked)
        self._shown += max(1, -(-left // steps))

    def give_up(self) -> None:
        """Show the whole name from now on (RFC 9156, 3)."""
        self._mode = "off"
