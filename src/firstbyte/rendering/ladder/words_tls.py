"""TLS in the words of the ladder: one short function a kind of event."""

from firstbyte.events import Event, tls
from firstbyte.rendering.ladder.context import Context
from firstbyte.rendering.ladder.steps import Step
from firstbyte.rendering.ladder.words import Words, note_of, step_of
from firstbyte.rendering.tls_words import in_short
from firstbyte.rendering.units import exact_size


def _tls_message(what: tls.Message, event: Event, context: Context) -> Step:
    label = f"{what.name} {exact_size(what.bytes)}"
    facts = in_short(what.name, what.detail)
    label += f" · {facts}" if facts else ""
    label += " · encrypted" if what.encrypted else ""
    return step_of(event, context, label, bad=what.name == "alert" and _is_fatal(what))


def _is_fatal(what: tls.Message) -> bool:
    return what.detail.get("description") != "close_notify"


def _verified(what: tls.Verified, event: Event, context: Context) -> Step | None:
    if what.ok:
        return None
    faults = ", ".join(f"{fault.finding} at depth {fault.depth}" for fault in what.errors)
    return note_of(event, context, f"certificate refused: {faults}", bad=True)


def _tls_failed(what: tls.HandshakeFailed, event: Event, context: Context) -> Step:
    return note_of(event, context, f"handshake failed: {what.message}", bad=True)


WORDS: dict[type, Words] = {
    tls.Message: _tls_message,
    tls.Verified: _verified,
    tls.HandshakeFailed: _tls_failed,
}
