"""The transport's part of a hop: the race of attempts, TCP's options and TCP_INFO."""

from typing import Literal

from firstbyte.events import Event, tcp
from firstbyte.journey.attempts import Tried
from firstbyte.journey.hop_view import HopView
from firstbyte.journey.model import Attempt, Tcp, TcpOptions, WindowScale, ms
from firstbyte.journey.rtt import path_rtt
from firstbyte.journey.select import each, last


def winning_attempt(view: HopView) -> Tried | None:
    """The attempt that made the winner's connection; null for a reused one."""
    own = [attempt for attempt in view.attempts if attempt.connection == view.winner]
    return own[-1] if own else None


def to_attempt(attempt: Tried) -> Attempt:
    """The attempt as the journey shows it."""
    end_us = attempt.end_us
    return Attempt(
        transport=attempt.transport,
        address=attempt.address,
        port=attempt.port,
        start_ms=ms(attempt.start_us),
        duration_ms=None if end_us is None else ms(end_us - attempt.start_us),
        outcome=attempt.outcome,
        error=attempt.cause,
        errno=attempt.errno,
    )


def build_tcp(view: HopView) -> Tcp | None:
    """The hop's TCP connection and attempts; null when no TCP was tried or reused."""
    carried = any(event.layer == "tcp" for event in view.carrier)
    attempts = view.attempts
    if not carried and not any(attempt.transport == "tcp" for attempt in attempts):
        return None
    rtt = path_rtt(view.carrier) if carried else None
    return Tcp(
        rtt_ms=ms(rtt.us) if rtt else None,
        rtt_source=rtt.source if rtt else None,
        attempts=tuple(to_attempt(attempt) for attempt in attempts),
        options=build_options(view.carrier),
        info=_samples(view),
        closed=_closed(view.carrier),
    )


def _samples(view: HopView) -> dict[str, tcp.TcpInfo]:
    """TCP_INFO by moment: the last sample until the hop's end, else the first after it."""
    samples: dict[str, tcp.TcpInfo] = {}
    for seen in each(view.carrier, tcp.InfoSampled):
        if seen.at_us <= view.end_us or seen.what.moment not in samples:
            samples[seen.what.moment] = seen.what.info
    return samples


def build_options(carrier: tuple[Event, ...]) -> TcpOptions | None:
    """What the handshake agreed on: from the SYNs when they were seen, else from TCP_INFO."""
    syn, answer = _syn_options(carrier, "sent"), _syn_options(carrier, "received")
    if syn is not None and answer is not None:
        return _agreed(syn, answer)
    sample = last(carrier, tcp.InfoSampled)
    return _options_from(sample.what.info) if sample else None


def _syn_options(
    carrier: tuple[Event, ...], direction: Literal["sent", "received"]
) -> tcp.SegmentOptions | None:
    flags = "SYN" if direction == "sent" else "SYN ACK"
    for seen in each(carrier, tcp.Segment):
        event = seen.event
        if seen.what.flags == flags and event.direction == direction:
            return None if event.source == "inferred" else seen.what.options
    return None


def _agreed(syn: tcp.SegmentOptions, answer: tcp.SegmentOptions) -> TcpOptions:
    scaling = syn.window_scale is not None and answer.window_scale is not None
    return TcpOptions(
        # Without the option the peer takes 536 bytes (RFC 9293, 3.7.1).
        mss=answer.mss if answer.mss is not None else 536,
        sack=syn.sack_permitted and answer.sack_permitted,
        timestamps=syn.timestamp is not None and answer.timestamp is not None,
        window_scale=WindowScale(syn.window_scale, answer.window_scale) if scaling else None,
    )


def _options_from(info: tcp.TcpInfo) -> TcpOptions:
    return TcpOptions(
        mss=info.snd_mss_bytes,
        sack=info.sack,
        timestamps=info.timestamps,
        window_scale=WindowScale(info.rcv_wscale, info.snd_wscale) if info.window_scaling else None,
    )


def _closed(carrier: tuple[Event, ...]) -> str | None:
    for event in carrier:
        if isinstance(event.what, tcp.Closed):
            by = {"sent": " by client", "received": " by server"}.get(event.direction or "", "")
            return f"{event.what.how}{by}"
    return None
