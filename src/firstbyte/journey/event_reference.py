"""The reference page of the events, generated from their docstrings."""

from collections.abc import Iterator
from inspect import cleandoc
from typing import get_args

from firstbyte.events import What
from firstbyte.events.body import Body

_LAYERS = {
    "trace": "The trace itself",
    "dns": "Names",
    "tcp": "TCP",
    "tls": "TLS",
    "quic": "QUIC",
    "http": "HTTP",
    "link": "Below the transport",
    "dhcp": "How a host gets its address",
}
_INTRODUCTION = """\
# Events

Generated from the source by scripts/write-reference: do not edit.

`journey.events` holds everything that was seen, in order of time. The envelope of each event:

| field | meaning |
|---|---|
| `at_ns` | integer nanoseconds from the start of the trace |
| `source` | how it is known: `kernel`, `capture`, `simulated` or `inferred` |
| `what` | what happened: an object whose `event` is the type, with the fields below |
| `host` | the host that tells it; left out for the client |
| `hop` | the request of the trace that it belongs to; left out for the first, 0 |
| `connection` | the transport that it belongs to (`tcp1`, `quic1`), if any |
| `direction` | `sent` or `received` as seen from `host`; left out for what happens inside it |
"""


def events_page() -> str:
    """The page in Markdown: a table for each layer, a row for each type."""
    return "\n".join([_INTRODUCTION, *_tables()]).rstrip() + "\n"


def _tables() -> Iterator[str]:
    bodies: tuple[type[Body], ...] = get_args(What)
    for layer, title in _LAYERS.items():
        yield f"## {title}\n\n| event | fields | what happened |\n|---|---|---|"
        yield from (_row(body) for body in bodies if _tag(body).partition(".")[0] == layer)
        yield ""


def _tag(body: type[Body]) -> str:
    return str(body.__struct_config__.tag)


def _row(body: type[Body]) -> str:
    fields = ", ".join(f"`{field}`" for field in body.__struct_fields__) or "none"
    text = " ".join(cleandoc(body.__doc__ or "").split()).replace("``", "`").replace("|", "\\|")
    return f"| `{_tag(body)}` | {fields} | {text} |"
