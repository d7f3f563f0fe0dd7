"""What each layer knows about where the time of a hop went."""

from collections.abc import Iterator

from firstbyte.events import Event, dns, http, tcp, tls
from firstbyte.journey.attempts import Tried
from firstbyte.journey.build_dns import Asked, Round, pair_questions, rounds
from firstbyte.journey.build_phases import Span, spans
from firstbyte.journey.build_tcp import winning_attempt
from firstbyte.journey.build_tls import handshake_events
from firstbyte.journey.hop_view import HopView
from firstbyte.journey.partition import Cause, Claim
from firstbyte.journey.rtt import Rtt, path_rtt
from firstbyte.journey.select import Seen, each, first
from firstbyte.journey.transfer import transfer_claims, upload_claims

# The kernel repeats an unanswered SYN after 1 s, then 2, 4, … (RFC 6298, 2.1 and 5.5).
_FIRST_SYN_TIMEOUT_US = 1_000_000


def hop_claims(view: HopView) -> Iterator[Claim]:
    """Every claim on the time of one hop."""
    phase = spans(view)
    rtt = path_rtt(view.carrier)
    yield from _within(phase.get("dns"), _dns(view))
    yield from _race(view, rtt)
    yield from _proxy(view)
    yield from _within(phase.get("tls"), _tls(view, rtt))
    yield from _wait(view, phase.get("wait"), rtt)
    if "send" in phase:
        yield from upload_claims(view, phase["send"].start_us, phase["send"].end_us)
    if "receive" in phase:
        yield from transfer_claims(view, phase["receive"].start_us, phase["receive"].end_us, rtt)


def text_ms(us: int) -> str:
    """A time as it stands in evidence."""
    return f"{us / 1000:.1f} ms" if us < 100_000 else f"{us / 1000:.0f} ms"


def _within(span: Span | None, claims: Iterator[Claim]) -> Iterator[Claim]:
    if span is not None:
        for claim in claims:
            start_us, end_us = max(claim.start_us, span.start_us), min(claim.end_us, span.end_us)
            yield claim._replace(start_us=start_us, end_us=end_us)


# --- names ---


def _dns(view: HopView) -> Iterator[Claim]:
    asked = pair_questions(view.events)
    for one in rounds(asked):
        yield Claim(one.start_us, one.end_us, "dns_round_trip", _round_text(one), 1, rank=3)
    for each_asked in asked:
        if not each_asked.answered:
            end_us = view.end_us if each_asked.end_us is None else each_asked.end_us
            yield Claim(each_asked.start_us, end_us, "dns_wait", _silence_text(each_asked), rank=2)
    started = first(view.events, dns.LookupStarted)
    finished = first(view.events, dns.LookupFinished)
    if started is not None:
        end_us = finished.at_us if finished else view.end_us
        if asked:
            yield from _around(asked, started.at_us, end_us)
        else:
            text = "the name was answered without the network"
            yield Claim(started.at_us, end_us, "client_compute", text, rank=0)


def _around(asked: tuple[Asked, ...], start_us: int, end_us: int) -> Iterator[Claim]:
    """The lookup's time outside any question: preparing, waiting between tries, reading."""
    first_us = min(one.start_us for one in asked)
    last_us = max(one.start_us if one.end_us is None else one.end_us for one in asked)
    yield Claim(start_us, first_us, "client_compute", "preparing the questions", rank=0)
    yield Claim(first_us, last_us, "dns_wait", "between two tries of the resolver", rank=0)
    yield Claim(last_us, end_us, "client_compute", "reading the answers", rank=0)


def _round_text(one: Round) -> str:
    kinds = ", ".join(dict.fromkeys(asked.question.type for asked in one.asked))
    question = one.asked[0].question
    took = text_ms(one.end_us - one.start_us)
    return f"{kinds} of {question.name} at {question.server} over {question.transport}: {took}"


def _silence_text(asked: Asked) -> str:
    question, outcome = asked.question, asked.outcome
    where = f"{question.type} of {question.name} at {question.server}, try {question.attempt}"
    if isinstance(outcome, dns.TimedOut):
        return f"{where}: no answer within {outcome.waited_s:g} s"
    if isinstance(outcome, dns.QueryFailed):
        return f"{where}: {outcome.error}"
    return f"{where}: no answer"


# --- the race of addresses and transports ---


def _race(view: HopView, rtt: Rtt | None) -> Iterator[Claim]:
    attempts = view.attempts
    if not attempts:
        return
    winner = winning_attempt(view) or attempts[-1]
    start_us = min(attempt.start_us for attempt in attempts)
    text = _losers_text([a for a in attempts if a.start_us < winner.start_us])
    yield Claim(start_us, winner.start_us, "waiting_for_address", text)
    yield from (_quic if winner.transport == "quic" else _tcp)(view, winner, rtt)


def _losers_text(losers: list[Tried]) -> str:
    parts = []
    for loser in losers:
        how = {"failed": f"failed ({loser.errno or loser.cause})"}.get(loser.outcome, "no answer")
        parts.append(f"{loser.transport} {loser.address} port {loser.port}: {how}")
    return "; ".join(parts)


def _quic(view: HopView, winner: Tried, _: Rtt | None) -> Iterator[Claim]:
    end_us = view.end_us if winner.end_us is None else winner.end_us
    took = text_ms(end_us - winner.start_us)
    done = winner.outcome == "connected"
    text = f"Initial → handshake complete in {took}" if done else f"no connection after {took}"
    yield Claim(winner.start_us, end_us, "quic_handshake", text, 1)


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


def _proxy(view: HopView) -> Iterator[Claim]:
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


# --- security ---


def _tls(view: HopView, rtt: Rtt | None) -> Iterator[Claim]:
    events = handshake_events(view.carrier)
    yield Claim(0, view.end_us, "tls_compute", "the client's TLS engine", rank=0)
    sent_us: int | None = None
    names: list[str] = []
    for seen in each(events, tls.Message):
        if seen.event.direction == "received":
            if sent_us is not None:
                yield _flight(sent_us, seen, names, rtt)
                names = []
            sent_us = None
        else:
            sent_us = seen.at_us
            names.append(seen.what.name)
    if sent_us is not None and not _concluded(events):
        text = f"no answer to {' + '.join(names)}"
        yield Claim(sent_us, view.end_us, "tls_round_trip", text, 1)


def _concluded(events: tuple[Event, ...]) -> bool:
    return first(events, tls.HandshakeFinished) is not None


def _flight(sent_us: int, answer: Seen[tls.Message], names: list[str], rtt: Rtt | None) -> Claim:
    took_us = answer.at_us - sent_us
    text = f"{' + '.join(names)} → {answer.what.name} in {text_ms(took_us)}"
    if rtt is not None and took_us > 2 * rtt.us:
        text += f", {text_ms(took_us - rtt.us)} more than the path's RTT: the server's own work"
    return Claim(sent_us, answer.at_us, "tls_round_trip", text, 1)


# --- the answer ---


def _wait(view: HopView, span: Span | None, rtt: Rtt | None) -> Iterator[Claim]:
    if span is None:
        return
    answered = first(view.exchange, http.FirstByte) is not None
    if rtt is None:
        text = "path RTT unknown: round trip and server cannot be told apart"
        yield Claim(span.start_us, span.end_us, "unaccounted", text)
        return
    middle_us = min(span.start_us + rtt.us, span.end_us)
    text = f"one path RTT ({rtt.source.replace('_', ' ')}) for request and answer"
    yield Claim(span.start_us, middle_us, "request_round_trip", text, 1)
    thinking: Cause = "server_time" if answered else "unaccounted"
    whole = text_ms(span.end_us - span.start_us)
    text = f"first byte {whole} after the request, less one RTT of {text_ms(rtt.us)}"
    if not answered:
        text = f"no answer in {whole}: the server's silence or the path's"
    yield Claim(middle_us, span.end_us, thinking, text)
