"""All events of a journey as steps, in order of time."""

from firstbyte.events import Event
from firstbyte.journey.model import Journey
from firstbyte.rendering.ladder import (
    words_dns,
    words_http,
    words_other,
    words_quic,
    words_tcp,
    words_tls,
)
from firstbyte.rendering.ladder.context import Context, context_of
from firstbyte.rendering.ladder.steps import Script, Step
from firstbyte.rendering.ladder.words import Words

WORDS: dict[type, Words] = {
    **words_dns.WORDS,
    **words_tcp.WORDS,
    **words_tls.WORDS,
    **words_http.WORDS,
    **words_quic.WORDS,
    **words_other.WORDS,
}


def told(journey: Journey) -> Script:
    """The steps of all events that have words."""
    context = context_of(journey)
    events = sorted(journey.events, key=lambda event: event.at_ns)
    steps = (_tell(event, context) for event in events)
    known = [step for step in steps if step is not None]
    return Script(known, context.resolver_name(), context.server_name())


def _tell(event: Event, context: Context) -> Step | None:
    words = WORDS.get(type(event.what))
    return words(event.what, event, context) if words else None
