"""The ledger: every microsecond between start and last byte, with its one cause."""

from collections.abc import Iterator

from firstbyte.events import Event, dns, http, quic, tcp, tls, trace
from firstbyte.journey.claims import hop_claims
from firstbyte.journey.hop_view import HopView, in_order, split_hops
from firstbyte.journey.model import Hop, Interval, Totals, ms, us
from firstbyte.journey.partition import partition
from firstbyte.journey.round_trips import minimum_round_trips, used_round_trips
from firstbyte.journey.rtt import end_to_end_rtt
from firstbyte.journey.select import at_us

# What only the client can begin: time before it, with nothing under way, is the client's own.
_CLIENT_STEPS = (
    trace.HopStarted,
    dns.LookupStarted,
    dns.Question,
    tcp.ConnectStarted,
    quic.ConnectionStarted,
    tls.HandshakeStarted,
    http.ProxyConnect,
    http.RequestStarted,
)


def build_ledger(events: tuple[Event, ...]) -> tuple[Interval, ...]:
    """Partition [start, last byte] of a trace by cause.

    Any events give a valid partition: consecutive intervals in whole microseconds, the first from
    0, whose sum is the time of the last byte (of the end, when there was none).
    """
    return ledger_of(split_hops(in_order(events)))


def ledger_of(views: tuple[HopView, ...]) -> tuple[Interval, ...]:
    """The ledger of hops that are split already."""
    claims = [claim for view in views for claim in hop_claims(view)]
    slices = partition(claims, total_us(views), _client_steps(views))
    return tuple(
        Interval(s.cause, ms(s.start_us), ms(s.end_us - s.start_us), s.round_trips, s.evidence)
        for s in slices
    )


def total_us(views: tuple[HopView, ...]) -> int:
    """When the last byte came, or when the trace ended without one."""
    return max((view.end_us for view in views), default=0)


def _client_steps(views: tuple[HopView, ...]) -> Iterator[int]:
    for view in views:
        for event in view.events:
            if isinstance(event.what, _CLIENT_STEPS):
                yield at_us(event)


def build_totals(
    views: tuple[HopView, ...], hops: tuple[Hop, ...], ledger: tuple[Interval, ...]
) -> Totals:
    """The sums that the ledger line shows."""
    known = (end_to_end_rtt(view.carrier) for view in views)
    rtts = [rtt.us for rtt in known if rtt is not None]
    return Totals(
        first_byte_ms=hops[-1].first_byte_ms if hops else None,
        last_byte_ms=ms(total_us(views)),
        rtt_ms=ms(rtts[-1]) if rtts else None,
        round_trips=sum(used_round_trips(hop) for hop in hops) if hops else None,
        minimum_round_trips=sum(minimum_round_trips(hop) for hop in hops) if hops else None,
        server_ms=_server_ms(ledger),
        unaccounted_ms=ms(_sum_us(ledger, "unaccounted")),
    )


def _sum_us(ledger: tuple[Interval, ...], cause: str) -> int:
    return sum(us(interval.duration_ms) for interval in ledger if interval.cause == cause)


def _server_ms(ledger: tuple[Interval, ...]) -> float | None:
    """Null unless a wait could be told apart from its round trip, and from what lay before it."""
    if any(i.cause == "behind_proxy" for i in ledger):
        return None
    if not any(i.cause in {"server_time", "request_round_trip"} for i in ledger):
        return None
    return ms(_sum_us(ledger, "server_time"))
