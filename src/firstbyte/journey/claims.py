"""What all layers know about where the time of a hop went."""

from collections.abc import Iterator

from firstbyte.events import http
from firstbyte.journey.build_phases import Span, spans
from firstbyte.journey.claims_connect import proxy_claims, race_claims
from firstbyte.journey.claims_dns import dns_claims
from firstbyte.journey.claims_handshake import tls_claims
from firstbyte.journey.claims_proxy import behind_proxy
from firstbyte.journey.first_record import answer_began_us, whole_claims
from firstbyte.journey.hop_view import HopView
from firstbyte.journey.partition import Claim
from firstbyte.journey.rtt import Rtt, end_to_end_rtt, path_rtt
from firstbyte.journey.select import first
from firstbyte.journey.transfer import transfer_claims, upload_claims
from firstbyte.journey.words import text_ms


def hop_claims(view: HopView) -> Iterator[Claim]:
    """Every claim on the time of one hop."""
    phase = spans(view)
    rtt = end_to_end_rtt(view.carrier)
    yield from _within(phase.get("dns"), dns_claims(view))
    yield from race_claims(view, path_rtt(view.carrier))
    yield from proxy_claims(view)
    yield from _within(phase.get("tls"), tls_claims(view, rtt))
    for claim in _exchange(view, phase, rtt):
        yield behind_proxy(view, claim) if view.forwarded else claim


def _exchange(view: HopView, phase: dict[str, Span], rtt: Rtt | None) -> Iterator[Claim]:
    yield from _wait(view, phase.get("wait"), rtt)
    if "send" in phase:
        yield from upload_claims(view, phase["send"].start_us, phase["send"].end_us)
    if "receive" in phase:
        yield from transfer_claims(view, phase["receive"].start_us, phase["receive"].end_us, rtt)


def _within(span: Span | None, claims: Iterator[Claim]) -> Iterator[Claim]:
    if span is not None:
        for claim in claims:
            start_us, end_us = max(claim.start_us, span.start_us), min(claim.end_us, span.end_us)
            yield claim._replace(start_us=start_us, end_us=end_us)


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
    whole = text_ms(span.end_us - span.start_us)
    if not answered:
        text = f"no answer in {whole}: the server's silence or the path's"
        yield Claim(middle_us, span.end_us, "unaccounted", text)
        return
    began_us = answer_began_us(view, span.start_us, span.end_us, rtt)
    first_thing, end_us = "first byte", span.end_us
    if began_us is not None:
        first_thing, end_us = "first segment", began_us
        yield from whole_claims(view, began_us, span.end_us, rtt)
    whole = text_ms(end_us - span.start_us)
    text = f"{first_thing} {whole} after the request, less one RTT of {text_ms(rtt.us)}"
    yield Claim(middle_us, end_us, "server_time", text)
