"""From an event to a step: what all words have in common."""

from collections.abc import Callable
from typing import Any

from firstbyte.events import Event
from firstbyte.rendering.escape import escape
from firstbyte.rendering.ladder.context import Context
from firstbyte.rendering.ladder.steps import Step

Words = Callable[[Any, Event, Context], Step | None]
"""Puts one kind of event body into words; null when it has none here."""


def step_of(event: Event, context: Context, label: str, **more: Any) -> Step:
    """A step of this event: peer, direction and source are taken from it."""
    from_resolver = event.layer == "dns" or context.is_resolver(event.connection)
    fields: dict[str, Any] = {
        "at_ms": event.at_ns / 1e6,
        "label": escape(label),
        "layer": event.layer,
        "peer": "resolver" if from_resolver else "server",
        "sent": None if event.direction is None else event.direction == "sent",
        "inferred": event.source == "inferred",
        "captured": event.source == "capture",
        "connection": event.connection,
    }
    return Step(**{**fields, **more})


def note_of(event: Event, context: Context, label: str, **more: Any) -> Step:
    """A step without direction: something that happened at the client."""
    return step_of(event, context, label, sent=None, **more)
