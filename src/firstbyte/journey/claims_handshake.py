"""Where the time of a handshake went, over TCP or inside QUIC: on the path, or in the client."""

from collections.abc import Iterator

from firstbyte.events import Event, tls
from firstbyte.journey.attempts import Tried
from firstbyte.journey.build_tls import handshake_events
from firstbyte.journey.hop_view import HopView
from firstbyte.journey.partition import Cause, Claim
from firstbyte.journey.rtt import Rtt
from firstbyte.journey.select import Seen, each, first
from firstbyte.journey.words import text_ms

# A flight whose parts come closer together than this was one burst.
_SHORTEST_PAUSE_US = 1_000


def tls_claims(view: HopView, rtt: Rtt | None) -> Iterator[Claim]:
    """Claims on the time of a TLS handshake over TCP."""
    yield Claim(0, view.end_us, "tls_compute", "the client's TLS engine", rank=0)
    yield from _flights(view, "tls_round_trip", rtt)


def quic_claims(view: HopView, winner: Tried, rtt: Rtt | None) -> Iterator[Claim]:
    """Claims on the time of a QUIC connection's handshake, TLS within it."""
    end_us = view.end_us if winner.end_us is None else winner.end_us
    took = text_ms(end_us - winner.start_us)
    done = winner.outcome == "connected"
    flights = list(_flights(view, "quic_handshake", rtt)) if done else []
    for flight in flights:
        yield flight._replace(end_us=min(flight.end_us, end_us))
    if flights:
        text = "the client's TLS engine and packet protection"
        yield Claim(winner.start_us, end_us, "tls_compute", text, rank=0)
    else:
        text = f"Initial → handshake complete in {took}" if done else f"no connection after {took}"
        yield Claim(winner.start_us, end_us, "quic_handshake", text, 1)


def _flights(view: HopView, cause: Cause, rtt: Rtt | None) -> Iterator[Claim]:
    """The stretches in which the client waited for the server's messages."""
    events = handshake_events(view.carrier)
    sent_us: int | None = None
    heard_us: int | None = None
    names: list[str] = []
    for seen in _messages(events):
        if seen.event.direction != "received":
            sent_us, heard_us = seen.at_us, None
            names.append(seen.what.name)
            continue
        if sent_us is not None:
            yield _flight(sent_us, seen, names, cause, rtt)
            sent_us, names = None, []
        elif heard_us is not None:
            yield from _piece(heard_us, seen, cause, rtt)
        heard_us = seen.at_us
    if sent_us is not None and first(events, tls.HandshakeFinished) is None:
        yield Claim(sent_us, view.end_us, cause, f"no answer to {' + '.join(names)}", 1)


def _messages(events: tuple[Event, ...]) -> Iterator[Seen[tls.Message]]:
    """The handshake's own messages: what comes after it (tickets, alerts) is not of it."""
    finished = first(events, tls.HandshakeFinished)
    for seen in each(events, tls.Message):
        if finished is None or seen.at_us <= finished.at_us:
            yield seen


def _flight(
    sent_us: int, answer: Seen[tls.Message], names: list[str], cause: Cause, rtt: Rtt | None
) -> Claim:
    took_us = answer.at_us - sent_us
    text = f"{' + '.join(names)} → {answer.what.name} in {text_ms(took_us)}"
    if rtt is not None and took_us > 2 * rtt.us:
        text += f", {text_ms(took_us - rtt.us)} more than the path's RTT: the server's own work"
    return Claim(sent_us, answer.at_us, cause, text, 1)


def _piece(
    heard_us: int, following: Seen[tls.Message], cause: Cause, rtt: Rtt | None
) -> Iterator[Claim]:
    pause_us = following.at_us - heard_us
    if pause_us > max(_SHORTEST_PAUSE_US, rtt.us // 2 if rtt is not None else 0):
        text = f"{following.what.name} came {text_ms(pause_us)} after the flight's beginning"
        yield Claim(heard_us, following.at_us, cause, text)
