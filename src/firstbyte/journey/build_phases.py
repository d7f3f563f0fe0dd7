"""The rows of the waterfall: when each phase of a hop ran on its critical path, and why.

Phases never overlap: each begins no earlier than the one before it ended. In a race they follow
the winner: from the first attempt of its transport to its connection. A phase that was cut by a
failure ends where the hop ends.
"""

from typing import NamedTuple

from firstbyte.events import dns, http, quic, tls
from firstbyte.journey import phase_why
from firstbyte.journey.attempts import Tried
from firstbyte.journey.build_dns import pair_questions, rounds
from firstbyte.journey.build_tcp import winning_attempt
from firstbyte.journey.build_tls import flights, handshake_events
from firstbyte.journey.first_record import extra_round_trips
from firstbyte.journey.hop_view import HopView
from firstbyte.journey.model import PHASES, Phase, Phases, ms
from firstbyte.journey.rtt import Rtt, end_to_end_rtt
from firstbyte.journey.select import first, first_us
from firstbyte.journey.transfer import content_round_trips


class Span(NamedTuple):
    """A phase in whole microseconds."""

    start_us: int
    end_us: int


def spans(view: HopView) -> dict[str, Span]:
    """When each phase of the hop ran; phases that did not happen are absent."""
    raw = {
        "dns": _dns(view),
        "tcp": _connecting(view, "tcp"),
        "tls": _tls(view),
        "quic": _connecting(view, "quic"),
        **_exchange(view),
    }
    found: dict[str, Span] = {}
    reached_us = view.start_us
    for name in PHASES:
        span = raw.get(name)
        if span is None:
            continue
        start_us = min(max(span.start_us, reached_us), view.end_us)
        end_us = min(max(span.end_us, start_us), view.end_us)
        found[name] = Span(start_us, end_us)
        reached_us = end_us
    return found


def build_phases(view: HopView) -> Phases:
    """The hop's phases with their round trips and reasons."""
    rtt = end_to_end_rtt(view.carrier)
    phases = {
        name: Phase(
            start_ms=ms(span.start_us),
            duration_ms=ms(span.end_us - span.start_us),
            why=phase_why.REASONS[name](view),
            round_trips=_round_trips(name, view, span, rtt),
        )
        for name, span in spans(view).items()
    }
    return Phases(**phases)


def _dns(view: HopView) -> Span | None:
    begun_us = first_us(view.events, dns.LookupStarted, dns.HostsHit)
    if begun_us is None:
        return None
    # Until the first datagram leaves, the client makes questions and sockets: that is no waiting
    # for a name server. Over TCP, TLS or HTTPS the way to the server belongs to the phase.
    question = first(view.events, dns.Question)
    by_udp = question is not None and question.what.transport == "udp"
    start_us = question.at_us if question is not None and by_udp else begun_us
    end_us = first_us(view.events, dns.LookupFinished)
    # Connecting begins with the first usable address (RFC 8305, 3): the rest is not waited for.
    connects = [a.start_us for a in view.attempts if a.start_us >= start_us]
    return Span(start_us, min([view.end_us if end_us is None else end_us, *connects]))


def _connecting(view: HopView, transport: str) -> Span | None:
    winner = winning_attempt(view)
    if winner is None or winner.transport != transport:
        return None
    attempts = [a for a in view.attempts if a.transport == transport]
    return Span(attempts[0].start_us, _end_of(winner, attempts, view))


def _end_of(winner: Tried, attempts: list[Tried], view: HopView) -> int:
    if winner.outcome == "connected" and winner.end_us is not None:
        return winner.end_us
    ends = [view.end_us if a.end_us is None else a.end_us for a in attempts]
    return max(ends)


def _tls(view: HopView) -> Span | None:
    if view.reused or any(event.layer == "quic" for event in view.carrier):
        return None
    events = handshake_events(view.carrier)
    start_us = first_us(events, tls.HandshakeStarted)
    if start_us is None:
        return None
    end_us = first_us(events, tls.HandshakeFinished, tls.HandshakeFailed)
    return Span(start_us, view.end_us if end_us is None else end_us)


def _exchange(view: HopView) -> dict[str, Span]:
    events = view.exchange
    if view.request is None:
        return {}
    sent_us = first_us(events, http.RequestSent)
    answered_us = first_us(events, http.FirstByte, http.ResponseStarted)
    finished_us = first_us(events, http.ResponseFinished)
    found = {"send": Span(view.request.at_us, _earliest(view, sent_us, answered_us))}
    if sent_us is not None or answered_us is not None:
        found["wait"] = Span(found["send"].end_us, _earliest(view, answered_us))
    if answered_us is not None:
        found["receive"] = Span(answered_us, _earliest(view, finished_us))
    return found


def _earliest(view: HopView, *ends_us: int | None) -> int:
    return min((end_us for end_us in ends_us if end_us is not None), default=view.end_us)


def _round_trips(name: str, view: HopView, span: Span, rtt: Rtt | None) -> float | None:
    if name == "receive":
        return content_round_trips(view, span.start_us, span.end_us, rtt)
    if name == "wait":
        return 1 + extra_round_trips(view, span.start_us, span.end_us, rtt)
    if name == "dns":
        return len(rounds(pair_questions(view.events)))
    if name == "tls":
        return flights(handshake_events(view.carrier))
    if name == "quic":
        return _quic_round_trips(view)
    return {"tcp": 1, "send": 0}.get(name)


def _quic_round_trips(view: HopView) -> int:
    connected = first(view.carrier, quic.HandshakeCompleted)
    # Retry costs one more (RFC 9000, 8.1.2), HelloRetryRequest another.
    retried = connected is not None and connected.what.retry
    return max(1, flights(handshake_events(view.carrier))) + retried
