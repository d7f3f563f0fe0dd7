"""Where the time of connecting went: the race of addresses, TCP's handshake, the proxy."""

from collections.abc import Iterator

from firstbyte.events import http, tcp, tls
from firstbyte.journey.attempts import Tried
from firstbyte.journey.build_tcp import winning_attempt
from firstbyte.journey.claims_handshake import quic_claims
from firstbyte.journey.hop_view import HopView
from firstbyte.journey.partition import Claim
from firstbyte.journey.rtt import Rtt
from firstbyte.journey.select import each, first
from firstbyte.journey.words import text_ms

# The kernel repeats an unanswered SYN after 1 s, then 2, 4, … (RFC 6298, 2.1 and 5.5).
_FIRST_SYN_TIMEOUT_US = 1_000_000


def race_claims(view: HopView, rtt: Rtt | None) -> Iterator[Claim]:
    """Claims on the time from the first attempt to the winner's connection."""
    attempts = view.attempts
    if not attempts:
        return
    winner = winning_attempt(view) or attempts[-1]
    start_us = min(attempt.start_us for attempt in attempts)
    text = _losers_text([a for a in attempts if a.start_us < winner.start_us])
    yield Claim(start_us, winner.start_us, "waiting_for_address", text)
    if winner.transport == "quic":
        yield from quic_claims(view, winner, rtt)
    else:
        yield from _tcp(view, winner, rtt)


def _losers_text(losers: list[Tried]) -> str:
    parts = []
    for loser in losers:
        how = {"failed": f"failed ({loser.errno or loser.cause})"}.get(loser.outcome, "no answer")
        parts.append(f"{loser.transport} {loser.address} port {loser.port}: {how}")
    return "; ".join(parts)


def _tcp(view: HopView, winner: Tried, rtt: Rtt | None) -> Iterator[Claim]:
    end_us = view.end_us if winner.end_us is None else winner.end_us
    if winner.outcome != "connected":
        yield _failed_connect(winner, end_us)
        return
    repeated = _syn_wait(view, winner, end_us, rtt)
    answered_from_us = winner.start_us
    if repeated is not None:
        yield repeated
        answered_from_us = repeated.end_us
    answered_us = _syn_answered_us(view, answered_from_us, end_us)
    text = f"SYN → SYN-ACK from {winner.address} in {text_ms(answered_us - answered_from_us)}"
    yield Claim(answered_from_us, answered_us, "tcp_handshake", text, 1)
    text = "SYN-ACK had come: until the event loop heard of it"
    yield Claim(answered_us, end_us, "client_compute", text)


def _failed_connect(attempt: Tried, end_us: int) -> Claim:
    took = text_ms(end_us - attempt.start_us)
    where = f"{attempt.address} port {attempt.port}"
    if attempt.cause in {"tcp.refused", "tcp.reset"}:
        text = f"SYN → RST from {where} in {took}"
        return Claim(attempt.start_us, end_us, "tcp_handshake", text, 1)
    if attempt.cause not in {None, "tcp.timed_out"}:
        text = f"{where}: {attempt.errno or attempt.cause} after {took}"
        return Claim(attempt.start_us, end_us, "tcp_handshake", text)
    text = f"no answer from {where} to SYN and its repetitions in {took}"
    return Claim(attempt.start_us, end_us, "tcp_retransmission_timeout", text)


def _syn_wait(view: HopView, winner: Tried, end_us: int, rtt: Rtt | None) -> Claim | None:
    """The wait before the SYN that was answered at last; null when the first one was."""
    syns = [
        s.at_us
        for s in each(view.carrier, tcp.Segment)
        if s.what.flags == "SYN" and s.event.direction == "sent" and s.event.source != "inferred"
    ]
    sent = [at_us for at_us in syns if winner.start_us <= at_us <= end_us]
    if len(sent) > 1:
        text = f"SYN sent {len(sent)} times: the first {len(sent) - 1} or their answers were lost"
        return Claim(winner.start_us, sent[-1], "tcp_retransmission_timeout", text)
    took_us = end_us - winner.start_us
    if sent or rtt is None or rtt.source != "tcp_info":
        return None
    if took_us < _FIRST_SYN_TIMEOUT_US or rtt.us >= took_us // 2:
        return None
    text = (
        f"connect took {text_ms(took_us)} on a path of {text_ms(rtt.us)}: "
        "a SYN or its answer was lost (RFC 6298 waits 1 s, then doubles)"
    )
    return Claim(winner.start_us, end_us - rtt.us, "tcp_retransmission_timeout", text)


def _syn_answered_us(view: HopView, start_us: int, end_us: int) -> int:
    """When the SYN-ACK came: as seen on the wire, else when connect() returned."""
    for seen in each(view.carrier, tcp.Segment):
        if seen.what.flags == "SYN ACK" and seen.event.source != "inferred":
            return min(max(seen.at_us, start_us), end_us)
    return end_us


def proxy_claims(view: HopView) -> Iterator[Claim]:
    """Claims on the time with a proxy, before the tunnel stands."""
    asked = first(view.events, http.ProxyConnect)
    if asked is None:
        return
    answered = first(view.events, http.ProxyConnected)
    text = f"CONNECT {asked.what.authority} at {asked.what.proxy}"
    text += f": {answered.what.status}" if answered else ": no answer"
    end_us = answered.at_us if answered else view.end_us
    yield Claim(asked.at_us, end_us, "proxy", text, 1, rank=2)
    for started in each(view.carrier, tls.HandshakeStarted):
        if started.at_us < asked.at_us and started.event.hop == view.index:
            yield Claim(started.at_us, asked.at_us, "proxy", "TLS with the proxy", rank=2)
