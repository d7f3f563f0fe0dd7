"""The round trip while the transfer itself fills the path: what its queues add.

A receiver can measure it: each of the peer's segments echoes the timestamp of our last segment that
the peer had when it sent (RFC 7323, 4). An echo that comes after a pause is left out: there the
peer had nothing to send, and the time is its own.
"""

from collections.abc import Iterator
from itertools import pairwise

from firstbyte.events import Event, http, tcp
from firstbyte.journey.hop_view import HopView
from firstbyte.journey.rtt import Rtt, path_rtt
from firstbyte.journey.select import Seen, each, last, middle

_ENOUGH_SAMPLES = 10
_ENOUGH_BYTES = 100_000
# What comes later after the segment before it than this part of its echo's age follows a pause.
_PAUSE = 0.25


def loaded_rtt(view: HopView) -> Rtt | None:
    """The usual RTT during a long transfer; null when the transfer was short, or cannot tell.

    By segments for content received, else by the kernel's own estimate (TCP_INFO) for either way.
    """
    base = path_rtt(view.carrier)
    if base is None or view.reused:
        return None
    if _received_bytes(view) >= _ENOUGH_BYTES:
        return _by_segments(view.carrier) or _by_receiver(view, base)
    return _by_sender(view) if _sent_bytes(view) >= _ENOUGH_BYTES else None


def _by_segments(carrier: tuple[Event, ...]) -> Rtt | None:
    samples = list(_samples(each(carrier, tcp.Segment)))
    if len(samples) < _ENOUGH_SAMPLES:
        return None
    return Rtt(middle(samples), "segments")


def _samples(segments: list[Seen[tcp.Segment]]) -> Iterator[int]:
    sent_us: dict[int, int] = {}
    echoed = -1
    came_us: int | None = None
    for seen in segments:
        stamp = seen.what.options.timestamp
        if stamp is None or seen.event.source == "inferred":
            continue
        if seen.event.direction == "sent":
            sent_us.setdefault(stamp[0], seen.at_us)
        elif seen.what.length:
            gap_us = 0 if came_us is None else seen.at_us - came_us
            came_us = seen.at_us
            if stamp[1] != echoed and stamp[1] in sent_us:
                age_us = seen.at_us - sent_us[stamp[1]]
                if gap_us <= age_us * _PAUSE:
                    yield age_us
            echoed = stamp[1]


def _by_receiver(view: HopView, base: Rtt) -> Rtt | None:
    """The kernel's estimate holds pauses of the peer, too: it counts only where there were none."""
    sample = last(view.carrier, tcp.InfoSampled)
    known_us = sample.what.info.rcv_rtt_us if sample is not None else None
    if known_us is None or _longest_pause_us(view) > (known_us - base.us) / 2:
        return None
    return Rtt(known_us, "tcp_info")


def _longest_pause_us(view: HopView) -> int:
    reads = each(view.exchange, http.BodyReceived)
    gaps = [b.at_us - (a.at_us + max(0, a.what.span_ns) // 1000) for a, b in pairwise(reads)]
    return max(gaps, default=0)


def _by_sender(view: HopView) -> Rtt | None:
    """What the kernel measured of our own segments, last when the answer began."""
    samples = [s for s in each(view.carrier, tcp.InfoSampled) if s.what.moment == "first_byte"]
    known_us = samples[-1].what.info.rtt_us if samples else None
    return Rtt(known_us, "tcp_info") if known_us else None


def _received_bytes(view: HopView) -> int:
    return sum(seen.what.count for seen in each(view.exchange, http.BodyReceived))


def _sent_bytes(view: HopView) -> int:
    sent = last(view.exchange, http.RequestSent)
    return sent.what.body_bytes if sent is not None else 0
