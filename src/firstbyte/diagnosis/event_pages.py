"""A page for each kind of event: the vocabulary explains itself by its docstrings."""

from collections.abc import Iterator
from inspect import cleandoc
from typing import get_args

from firstbyte.diagnosis.pages import Page
from firstbyte.events import What
from firstbyte.events.body import Body


def event_pages() -> Iterator[Page]:
    """One page for each event body, named by its type ("tcp.connected")."""
    for body in _bodies():
        text = cleandoc(body.__doc__ or "")
        title, _, rest = text.partition("\n\n")
        fields = ", ".join(body.__struct_fields__) or "none"
        yield Page(
            name=str(body.__struct_config__.tag),
            kind="event",
            title=" ".join(title.split()),
            meaning=f"{rest}\n\nFields: {fields}.".strip(),
            references=("docs/reference/journey.md",),
        )


def _bodies() -> tuple[type[Body], ...]:
    return get_args(What)
