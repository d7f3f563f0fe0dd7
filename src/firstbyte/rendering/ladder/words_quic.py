"""QUIC in the words of the ladder: one short function a kind of event."""

from firstbyte.events import Event, quic
from firstbyte.rendering.ladder.context import Context
from firstbyte.rendering.ladder.steps import Step
from firstbyte.rendering.ladder.words import Words, note_of, step_of
from firstbyte.rendering.units import exact_size


def _packet(what: quic.Packet, event: Event, context: Context) -> Step:
    number = "" if what.number is None else f" {what.number}"
    frames = " ".join(what.frames)
    return step_of(
        event,
        context,
        f"{what.space}{number} {exact_size(what.bytes)} · {frames}",
        bulk=what.space == "1rtt",
        noun="packet",
        size_bytes=what.bytes,
    )


def _quic_failed(what: quic.ConnectionFailed, event: Event, context: Context) -> Step:
    return note_of(event, context, f"QUIC: {what.message}", bad=True)


def _cancelled(what: quic.ConnectionCancelled, event: Event, context: Context) -> Step:  # noqa: ARG001
    won = ", TCP won" if event.hop in context.won else ""
    return note_of(event, context, f"QUIC: given up{won}")


def _quic_closed(what: quic.Closed, event: Event, context: Context) -> Step:
    label = f"CONNECTION_CLOSE {what.error_code:#x}"
    label += f" {what.reason}" if what.reason else ""
    return step_of(event, context, label, bad=what.error_code not in {0, 0x100})


WORDS: dict[type, Words] = {
    quic.Packet: _packet,
    quic.ConnectionFailed: _quic_failed,
    quic.ConnectionCancelled: _cancelled,
    quic.Closed: _quic_closed,
}
