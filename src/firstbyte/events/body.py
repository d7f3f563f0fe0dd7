"""The common parent of all event bodies."""

from msgspec import Struct


class Body(Struct, frozen=True, tag_field="event"):
    """What happened. Subclasses set ``tag`` to "layer.kind"; it is the ``event`` key in JSON."""
