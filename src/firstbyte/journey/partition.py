"""Cutting a stretch of time into consecutive intervals, each with one cause.

Those who know something about a stretch *claim* it. Where claims overlap, the higher rank wins,
then the earlier start; where none stands, the time is the client's own if a step of the client's
ended it, and unaccounted otherwise. Whatever the claims are, the result has no gap and no overlap.
"""

import heapq
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Literal, NamedTuple

Cause = Literal[
    "dns_round_trip",
    "dns_wait",
    "tcp_handshake",
    "tcp_retransmission_timeout",
    "tls_round_trip",
    "tls_compute",
    "quic_handshake",
    "request_round_trip",
    "server_time",
    "behind_proxy",
    "transfer_congestion_window",
    "transfer_bandwidth",
    "transfer_receiver",
    "transfer_loss",
    "waiting_for_address",
    "proxy",
    "client_compute",
    "unaccounted",
]


class Claim(NamedTuple):
    """Somebody's explanation of [start_us, end_us)."""

    start_us: int
    end_us: int
    cause: Cause
    evidence: str
    round_trips: float | None = None
    rank: int = 1


class Slice(NamedTuple):
    """A piece of the partition."""

    start_us: int
    end_us: int
    cause: Cause
    evidence: str
    round_trips: float | None


def partition(
    claims: Iterable[Claim], total_us: int, client_steps_us: Iterable[int]
) -> tuple[Slice, ...]:
    """Cover [0, total_us) with slices in order.

    ``client_steps_us`` are the times at which the client itself began something: an unclaimed
    stretch that ends there was spent by the client.
    """
    clipped = [
        claim._replace(start_us=max(0, claim.start_us), end_us=min(claim.end_us, total_us))
        for claim in claims
    ]
    valid = [claim for claim in clipped if claim.start_us < claim.end_us]
    steps = sorted(step for step in client_steps_us if 0 < step <= total_us)
    return tuple(_merged(_slices(valid, total_us, steps)))


def _slices(claims: list[Claim], total_us: int, steps: list[int]) -> Iterator[tuple[int, Slice]]:
    """Each elementary stretch with the number of the claim that won it (-1: nobody's)."""
    edges = sorted({0, total_us}.union(*((c.start_us, c.end_us) for c in claims)))
    pending = sorted(range(len(claims)), key=lambda i: -claims[i].start_us)
    standing: list[tuple[int, int, int]] = []
    for start_us, end_us in pairwise(edges):
        while pending and claims[pending[-1]].start_us <= start_us:
            index = pending.pop()
            heapq.heappush(standing, (-claims[index].rank, claims[index].start_us, index))
        while standing and claims[standing[0][2]].end_us <= start_us:
            heapq.heappop(standing)
        if standing:
            index = standing[0][2]
            yield index, _claimed(claims[index], start_us, end_us)
        else:
            for piece in _unclaimed(start_us, end_us, steps):
                yield -1, piece


def _claimed(claim: Claim, start_us: int, end_us: int) -> Slice:
    # The round trips of a claim that is cut in two belong to its first piece.
    round_trips = claim.round_trips if claim.start_us == start_us else None
    return Slice(start_us, end_us, claim.cause, claim.evidence, round_trips)


def _unclaimed(start_us: int, end_us: int, steps: list[int]) -> Iterator[Slice]:
    index = bisect_right(steps, end_us)
    last_step_us = steps[index - 1] if index else 0
    if last_step_us > start_us:
        evidence = "nothing was under way: firstbyte's own work until its next step"
        yield Slice(start_us, last_step_us, "client_compute", evidence, None)
        start_us = last_step_us
    if start_us < end_us:
        yield Slice(start_us, end_us, "unaccounted", "no event explains this time", None)


def _merged(pieces: Iterator[tuple[int, Slice]]) -> Iterator[Slice]:
    current: tuple[int, Slice] | None = None
    for index, piece in pieces:
        if current is not None and current[0] == index and current[1].cause == piece.cause:
            current = index, current[1]._replace(end_us=piece.end_us)
            continue
        if current is not None:
            yield current[1]
        current = index, piece
    if current is not None:
        yield current[1]
