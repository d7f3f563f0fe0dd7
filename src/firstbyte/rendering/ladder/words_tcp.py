"""TCP in the words of the ladder: one short function a kind of event."""

from typing import Any

from firstbyte.events import Event, tcp
from firstbyte.rendering.headline import address
from firstbyte.rendering.ladder.context import Context
from firstbyte.rendering.ladder.steps import Step
from firstbyte.rendering.ladder.words import Words, note_of, step_of
from firstbyte.rendering.units import duration, exact_size, plural


def _segment(what: tcp.Segment, event: Event, context: Context) -> Step:
    flags = what.flags.replace(" ", "-")
    parts = [flags, *_segment_facts(what, event, context)]
    control = bool({"SYN", "FIN", "RST"} & set(what.flags.split())) or what.retransmission
    handshake_ack = event.source == "inferred" or id(event) in context.handshake_acks
    return step_of(
        event,
        context,
        " ".join(parts),
        bulk=not (control or handshake_ack),
        bad="RST" in flags or what.retransmission,
        noun="segment",
        size_bytes=what.length or 0,
    )


def _segment_facts(what: tcp.Segment, event: Event, context: Context) -> list[str]:
    parts = []
    if what.length:
        parts.append(exact_size(what.length))
    if "SYN" in what.flags:
        parts += _options(what.options)
        if len(context.servers) > 1 and event.connection in context.addresses:
            parts.append(f"· {address(*context.addresses[event.connection])}")
    elif what.seq is not None:
        parts.append(f"seq {what.seq}")
        parts += [f"ack {what.ack}"] if what.ack is not None else []
    if what.retransmission:
        parts.append("· retransmission")
    return parts


def _options(options: tcp.SegmentOptions) -> list[str]:
    parts = [] if options.mss is None else [f"mss {options.mss}"]
    parts += ["sack"] if options.sack_permitted else []
    parts += ["ts"] if options.timestamp else []
    parts += [] if options.window_scale is None else [f"wscale {options.window_scale}"]
    return parts + (["fast open"] if options.fast_open_cookie is not None else [])


def _connect_failed(what: tcp.ConnectFailed, event: Event, context: Context) -> Step:
    where = context.addresses.get(event.connection or "")
    subject = address(*where) if where else "connect"
    code = f" ({what.errno})" if what.errno else ""
    return note_of(event, context, f"{subject}: {what.message}{code}", bad=True)


def _connect_cancelled(what: Any, event: Event, context: Context) -> Step:  # noqa: ARG001
    """A race was won by another attempt, or time ran out for all."""
    where = context.addresses.get(event.connection or "")
    subject = address(*where) if where else "this attempt"
    why = ", another address won" if event.hop in context.won else ""
    return note_of(event, context, f"{subject}: given up{why}")


def _tcp_closed(what: tcp.Closed, event: Event, context: Context) -> Step | None:
    if (event.connection, event.direction) in context.ends_seen:
        return None
    if what.how == "timeout" or event.direction is None:
        return note_of(event, context, f"closed: {what.error or what.how}", bad=what.how != "fin")
    return step_of(event, context, what.how.upper(), bad=what.how == "rst")


def _timer(what: tcp.TimerFired, event: Event, context: Context) -> Step:
    words = {"rto": "retransmission timeout", "delayed_ack": "delayed ACK timer"}
    name = words.get(what.timer, f"{what.timer} timer")
    return note_of(event, context, f"{name}, {plural(what.count, 'time')}")


def _probed(what: tcp.Probed, event: Event, context: Context) -> Step:
    return note_of(event, context, f"silence for {duration(what.silence_ns / 1e6)}: probing")


WORDS: dict[type, Words] = {
    tcp.Segment: _segment,
    tcp.ConnectFailed: _connect_failed,
    tcp.ConnectCancelled: _connect_cancelled,
    tcp.Closed: _tcp_closed,
    tcp.Probed: _probed,
    tcp.TimerFired: _timer,
}
