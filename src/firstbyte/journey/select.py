"""Finding events by kind, with their time in whole microseconds."""

from collections.abc import Iterable
from typing import Generic, NamedTuple, TypeVar

from firstbyte.events import Event
from firstbyte.events.body import Body

B = TypeVar("B", bound=Body)
N = TypeVar("N", int, float)


class Seen(NamedTuple, Generic[B]):
    """An event of a known kind: its time, what happened, and the whole event."""

    at_us: int
    what: B
    event: Event


def at_us(event: Event) -> int:
    """The event's time in microseconds from the start of the trace; never negative."""
    return max(0, event.at_ns) // 1000


def each(events: Iterable[Event], kind: type[B]) -> list[Seen[B]]:
    """All events whose body is a ``kind``, in their given order."""
    return [Seen(at_us(e), e.what, e) for e in events if isinstance(e.what, kind)]


def first(events: Iterable[Event], kind: type[B]) -> Seen[B] | None:
    """The first event whose body is a ``kind``."""
    for event in events:
        if isinstance(event.what, kind):
            return Seen(at_us(event), event.what, event)
    return None


def last(events: Iterable[Event], kind: type[B]) -> Seen[B] | None:
    """The last event whose body is a ``kind``."""
    found = each(events, kind)
    return found[-1] if found else None


def first_us(events: Iterable[Event], *kinds: type[Body]) -> int | None:
    """When the first event of the first of ``kinds`` that occurs was; null when none does."""
    kept = tuple(events)
    for kind in kinds:
        found = first(kept, kind)
        if found is not None:
            return found.at_us
    return None


def middle(values: list[N]) -> N:
    """The median, of an even number the upper one; ``statistics`` costs 10 ms to import."""
    return sorted(values)[len(values) // 2]
