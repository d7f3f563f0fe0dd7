"""What ``firstbyte explain`` shows: a page about one thing, of whatever kind."""

from typing import Literal

from msgspec import Struct

from firstbyte.diagnosis.rule import Rule

PageKind = Literal["finding", "error", "event", "state", "option", "term", "cause"]


class Page(Struct, frozen=True, kw_only=True):
    """An explanation: what it is, how to see it, how to mend it, where it is written."""

    name: str
    """What it is asked by: a finding's id, an event's type, a state, a term, a cause."""
    kind: PageKind
    title: str
    meaning: str
    severity: str | None = None
    see: tuple[str, ...] = ()
    fixes: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    drawing: str = ""
    """Lines to show as they are, below the meaning."""


def finding_page(rule: Rule) -> Page:
    """The page of a finding."""
    return Page(
        name=rule.id,
        kind="finding",
        title=rule.title,
        meaning=rule.meaning,
        severity=rule.severity,
        see=rule.see,
        fixes=(rule.fix, *rule.cures),
        references=rule.references,
        aliases=rule.aliases,
    )
