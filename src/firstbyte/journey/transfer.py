"""Why the content took as long as it did: window, rate, receiver or loss.

With segments (captured or simulated) the arrival pattern tells: bursts one RTT apart mean that the
sender waits for acknowledgements of a window that it filled. Without them the kernel's counters
and the arithmetic of slow start must do, and the evidence says so.
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from firstbyte.events import http, tcp
from firstbyte.journey.arrivals import Burst, Windows, bursts_of, data_segments
from firstbyte.journey.hop_view import HopView
from firstbyte.journey.partition import Cause, Claim
from firstbyte.journey.round_trips import slow_start_rounds
from firstbyte.journey.rtt import Rtt
from firstbyte.journey.select import Seen, each, last
from firstbyte.journey.words import counted, text_ms

# A pause longer than this many RTTs is not one of waiting for acknowledgements.
_ACK_GAP = 1.75
_ROUND = 0.75
# A pause that ends so soon after its cause (parts of an RTT; at least a time) is all that cause's.
_SLACK = 0.5
_SLACK_US = 1_000
_DEFAULT_MSS_BYTES = 1460


def transfer_claims(view: HopView, start_us: int, end_us: int, rtt: Rtt | None) -> Iterator[Claim]:
    """Claims on the time between the first and the last byte of the response."""
    segments = data_segments(view.carrier)
    if segments and rtt is not None:
        within = [seen for seen in segments if start_us <= seen.at_us <= end_us]
        yield from _from_segments(view, within, start_us, end_us, rtt)
    else:
        yield from _from_reads(view, start_us, end_us, rtt)


def content_round_trips(view: HopView, start_us: int, end_us: int, rtt: Rtt | None) -> float | None:
    """Round trips within the content, counted; null where segments were not seen."""
    if rtt is None or not data_segments(view.carrier):
        return None
    claims = transfer_claims(view, start_us, end_us, rtt)
    return sum(claim.round_trips or 0 for claim in claims)


# --- with segments ---


def _from_segments(
    view: HopView, segments: list[Seen[tcp.Segment]], start_us: int, end_us: int, rtt: Rtt
) -> Iterator[Claim]:
    bursts = bursts_of(segments, rtt.us)
    text = f"{sum(b.payload_bytes for b in bursts)} bytes in {counted(len(bursts), 'burst')}"
    if not bursts:
        text = "all of it had arrived with the first bytes"
    yield Claim(start_us, end_us, "transfer_bandwidth", text, rank=0)
    windows = Windows(view.carrier)
    round_us = bursts[0].start_us if bursts else start_us
    for burst, following in pairwise(bursts):
        # A delayed ACK splits a round in two; it is over when an RTT has passed.
        over = following.start_us - round_us >= rtt.us * _ROUND
        round_us = following.start_us if over else round_us
        for claim in _pause(burst, following, rtt, windows):
            waits = claim.cause in {"transfer_congestion_window", "transfer_receiver"}
            yield claim._replace(round_trips=int(over) if waits else None)


def _pause(burst: Burst, following: Burst, rtt: Rtt, windows: Windows) -> Iterator[Claim]:
    start_us, end_us = burst.end_us, following.start_us
    opened = None if following.repaired else _window_full(burst, rtt, windows)
    if opened is not None:
        slack_us = max(rtt.us * _SLACK, _SLACK_US)
        until_us = end_us if opened.until_us is None else opened.until_us
        held_us = end_us if until_us + slack_us >= end_us else until_us
        yield Claim(start_us, held_us, "transfer_receiver", opened.text)
        start_us = held_us
    if start_us < end_us:
        cause, text = _why_paused(burst, following, end_us - start_us, rtt)
        yield Claim(start_us, end_us, cause, text)


class _Full(NamedTuple):
    """The sender had filled our window: until when, and how that is known."""

    until_us: int | None
    """Null: it was never opened again."""
    text: str


def _window_full(burst: Burst, rtt: Rtt, windows: Windows) -> _Full | None:
    """Whether the sender stopped after ``burst`` because it had sent all that we allowed.

    A sender does not send a small segment where a whole one does not fit (RFC 9293, 3.8.6.2.1).
    """
    allowed = windows.announced(burst.end_us - rtt.us)
    if burst.end_seq is None or allowed is None:
        return None
    if allowed - burst.end_seq >= windows.segment_bytes:
        return None
    opened_us = windows.opened_us(burst.end_seq + windows.segment_bytes)
    left = max(0, allowed - burst.end_seq)
    text = f"a burst of {burst.payload_bytes} bytes filled our window but for {left}"
    return _Full(None if opened_us is None else opened_us + rtt.us, text)


def _why_paused(burst: Burst, following: Burst, pause_us: int, rtt: Rtt) -> tuple[Cause, str]:
    if following.repaired:
        return "transfer_loss", f"{text_ms(pause_us)} until a lost segment was sent again"
    if burst.repeats:
        text = f"{text_ms(pause_us)}: what had come was sent again, so our ACK was lost or late"
        return "transfer_loss", text
    if pause_us <= rtt.us * _ACK_GAP:
        size = burst.payload_bytes
        text = f"the sender waited {text_ms(pause_us)} for ACKs of a burst of {size} bytes"
        return "transfer_congestion_window", text
    return "server_time", f"nothing came for {text_ms(pause_us)}, with no sign of loss"


# --- without ---


def _from_reads(view: HopView, start_us: int, end_us: int, rtt: Rtt | None) -> Iterator[Claim]:
    cause, text, round_trips = _overall(view, end_us - start_us, rtt)
    yield Claim(start_us, end_us, cause, text, round_trips, rank=0)
    if rtt is None:
        return
    for pause_start_us, pause_end_us in _read_pauses(view, start_us, end_us):
        pause_us = pause_end_us - pause_start_us
        if pause_us > max(3 * rtt.us, 20_000):
            text = f"nothing came for {text_ms(pause_us)}; segments were not seen"
            yield Claim(pause_start_us, pause_end_us, _silent_cause(view), text)


def _overall(view: HopView, took_us: int, rtt: Rtt | None) -> tuple[Cause, str, float | None]:
    size = _size(view)
    if _out_of_order(view):
        return "transfer_loss", f"{_out_of_order(view)} segments came out of order", None
    if rtt is not None:
        rounds = slow_start_rounds(size, _mss(view)) - 1
        if rounds > 0 and (rounds - 0.5) * rtt.us <= took_us <= (rounds + 1.5) * rtt.us:
            text = (
                f"{size} bytes in {text_ms(took_us)}: slow start takes "
                f"{counted(rounds, 'more round trip')} at an RTT of {text_ms(rtt.us)}; "
                "segments were not seen"
            )
            return "transfer_congestion_window", text, rounds
    rate = f", {size * 8 / took_us:.1f} Mbit/s" if took_us > 0 else ""
    text = f"{size} bytes in {text_ms(took_us)}{rate}; segments were not seen"
    return "transfer_bandwidth", text, None


def _read_pauses(view: HopView, start_us: int, end_us: int) -> Iterator[tuple[int, int]]:
    reads = [
        (seen.at_us, seen.at_us + max(0, seen.what.span_ns) // 1000)
        for seen in each(view.exchange, http.BodyReceived)
    ]
    reached_us = start_us
    for read_start_us, read_end_us in [*sorted(reads), (end_us, end_us)]:
        if read_start_us > reached_us:
            yield reached_us, read_start_us
        reached_us = max(reached_us, read_end_us)


def _silent_cause(view: HopView) -> Cause:
    return "transfer_loss" if _out_of_order(view) else "server_time"


def _size(view: HopView) -> int:
    finished = last(view.exchange, http.ResponseFinished)
    if finished is not None:
        return finished.what.body_bytes
    return sum(seen.what.count for seen in each(view.exchange, http.BodyReceived))


def _out_of_order(view: HopView) -> int:
    samples = [s.what.info.rcv_ooopack or 0 for s in each(view.carrier, tcp.InfoSampled)]
    return max(samples, default=0)


def _mss(view: HopView) -> int:
    samples = [s.what.info.rcv_mss_bytes or 0 for s in each(view.carrier, tcp.InfoSampled)]
    return max(samples, default=0) or _DEFAULT_MSS_BYTES


# --- the other direction ---


def upload_claims(view: HopView, start_us: int, end_us: int) -> Iterator[Claim]:
    """Claims on the time between the first and the last byte of the request."""
    sent = last(view.exchange, http.RequestSent)
    if sent is not None and sent.what.body_bytes == 0:
        yield Claim(start_us, end_us, "client_compute", "handing the request to the connection")
        return
    cause, text = _upload_cause(view, start_us, end_us)
    yield Claim(start_us, end_us, cause, text)


def _upload_cause(view: HopView, start_us: int, end_us: int) -> tuple[Cause, str]:
    took_us = end_us - start_us
    sample = last(view.carrier, tcp.InfoSampled)
    info = sample.what.info if sample else None
    if info is not None and (info.bytes_retrans or info.total_retrans):
        return "transfer_loss", f"upload: {info.total_retrans or 0} segments sent again"
    if info is not None and (info.rwnd_limited_us or 0) * 2 > took_us > 0:
        return (
            "transfer_receiver",
            f"upload: {text_ms(info.rwnd_limited_us or 0)} at the peer's window",
        )
    if info is not None and info.snd_cwnd_segments is not None:
        text = f"upload; congestion window {info.snd_cwnd_segments} segments"
        return "transfer_congestion_window", text
    return "transfer_bandwidth", "upload; what limited it is not known"
