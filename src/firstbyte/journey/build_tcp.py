"""The transport's part of a hop: the race of attempts, TCP's options and TCP_INFO."""

from typing import Literal, TypeVar

from firstbyte.events import Event, tcp
from firstbyte.events.body import Body
from firstbyte.journey.attempts import Tried
from firstbyte.journey.hop_view import HopView
from firstbyte.journey.loaded_rtt import loaded_rtt
from firstbyte.journey.model import Attempt, Tcp, TcpOptions, WindowScale, ms
from firstbyte.journey.rtt import path_rtt
from firstbyte.journey.select import Seen, each, last

B = TypeVar("B", bound=Body)
_CLOCK_TICK_US = 10_000
"""The kernel counts its milliseconds in ticks, of up to so much."""


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
    loaded = loaded_rtt(view)
    probed = last(view.carrier, tcp.Probed)
    return Tcp(
        rtt_ms=ms(rtt.us) if rtt else None,
        rtt_source=rtt.source if rtt else None,
        attempts=tuple(to_attempt(attempt) for attempt in attempts),
        options=build_options(view.carrier),
        info=_samples(view),
        closed=_closed(view.carrier),
        loaded_rtt_ms=ms(loaded.us) if loaded else None,
        loaded_rtt_source=loaded.source if loaded else None,
        probe=_probe(view.carrier, probed) if probed else None,
        silent_ms=ms(probed.what.silence_ns // 1000) if probed else None,
        missed_bytes=_missed_bytes(view.carrier, probed) if probed else None,
    )


def _probe(
    carrier: tuple[Event, ...], probed: Seen[tcp.Probed]
) -> Literal["answered", "silent", "reset"] | None:
    """What came of the probe: as segments show, else as the kernel's clock of the last ACK does."""
    if any(seen.what.how == "rst" for seen in _came_after(carrier, tcp.Closed, probed)):
        return "reset"
    if any(seen.event.source != "inferred" for seen in each(carrier, tcp.Segment)):
        return "answered" if _came_after(carrier, tcp.Segment, probed) else "silent"
    sample = last(carrier, tcp.InfoSampled)
    if sample is None or sample.what.info.last_ack_recv_ms is None:
        return None
    heard_us = sample.at_us - sample.what.info.last_ack_recv_ms * 1000
    return "answered" if heard_us >= probed.at_us - _CLOCK_TICK_US else "silent"


def _missed_bytes(carrier: tuple[Event, ...], probed: Seen[tcp.Probed]) -> int | None:
    """An ACK's own number is the peer's next (RFC 9293, 3.10.7.4): what lies before it was sent."""
    came = [s.what for s in each(carrier, tcp.Segment) if s.event.direction == "received"]
    ends = [(segment.seq or 0) + taken for segment in came if (taken := _numbers(segment))]
    numbers = [s.what.seq or 0 for s in _came_after(carrier, tcp.Segment, probed)]
    if not ends or not numbers:
        return None
    return max(max(numbers) - max(ends), 0)


def _numbers(segment: tcp.Segment) -> int:
    """How many it takes: SYN and FIN have one each (RFC 9293, 3.4)."""
    flags = segment.flags.split()
    return (segment.length or 0) + ("SYN" in flags) + ("FIN" in flags)


def _came_after(
    carrier: tuple[Event, ...], kind: type[B], probed: Seen[tcp.Probed]
) -> list[Seen[B]]:
    return [
        seen
        for seen in each(carrier, kind)
        if seen.event.direction == "received" and seen.at_us > probed.at_us
    ]


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
