"""What a finding is made of."""

from collections.abc import Callable, Iterable

from msgspec import Struct

from firstbyte.journey.model import Journey, Severity

SEVERITIES: tuple[Severity, ...] = ("critical", "error", "warning", "info")
"""Worst first. ``critical``: the request failed for it. ``error``: it would fail for others, or its
result cannot be trusted. ``warning``: it works, but slowly or not for long. ``info``: worth
knowing."""


class Observation(Struct, frozen=True):
    """A rule that matched: one sentence, and the numbers of this journey that show it."""

    finding: str
    evidence: str
    severity: Severity | None = None
    """Null: the rule's own."""
    fix: str | None = None
    """Null: the rule's own."""


class Rule(Struct, frozen=True, kw_only=True):
    """One finding: how it is recognised, and the page that explains it.

    Each rule is the ``RULE`` of its own module in ``diagnosis.rules``; that is all it takes to
    register it. ``id`` is "layer.what", equal to the error's id where the fault ends a trace.
    """

    id: str
    severity: Severity
    check: Callable[[Journey], Iterable[Observation]]
    title: str
    meaning: str
    see: tuple[str, ...]
    """Commands that show the fault without firstbyte."""
    fix: str
    cures: tuple[str, ...] = ()
    """More ways to mend it than the one that ``fix`` names."""
    references: tuple[str, ...]
    """The first is the finding's own."""
    aliases: tuple[str, ...] = ()
    """What other programs call it, and what people search for."""

    @property
    def layer(self) -> str:
        """The part of the id before the first dot."""
        return self.id.partition(".")[0]
