"""Segments that nobody saw but that must have been: so that the ladder can be drawn untapped.

A successful ``connect()`` means SYN, SYN-ACK and ACK (RFC 9293, 3.5); a refused one SYN and RST;
an orderly end a FIN, an abrupt one a RST. Sequence numbers and options stay null.
"""

from collections.abc import Iterator

from firstbyte.events import Direction, Event, tcp
from firstbyte.journey.hop_view import in_order


def with_inferred(events: tuple[Event, ...]) -> tuple[Event, ...]:
    """The events in order, with inferred segments for connections of which none was seen."""
    seen = {event.connection for event in events if isinstance(event.what, tcp.Segment)}
    inferred = [
        made for event in events if event.connection not in seen for made in _follows_from(event)
    ]
    return in_order([*events, *inferred]) if inferred else events


def _follows_from(event: Event) -> Iterator[Event]:
    match event.what:
        case tcp.ConnectStarted():
            yield _segment(event, "SYN", "sent")
        case tcp.Connected():
            yield _segment(event, "SYN ACK", "received")
            yield _segment(event, "ACK", "sent")
        case tcp.ConnectFailed(cause="tcp.refused"):
            yield _segment(event, "RST ACK", "received")
        case tcp.Closed(how="fin"):
            yield _segment(event, "FIN ACK", event.direction)
        case tcp.Closed(how="rst"):
            yield _segment(event, "RST", event.direction)


def _segment(because: Event, flags: str, direction: Direction | None) -> Event:
    return Event(
        at_ns=because.at_ns,
        source="inferred",
        what=tcp.Segment(flags=flags, length=0),
        host=because.host,
        hop=because.hop,
        connection=because.connection,
        direction=direction,
    )
