"""How many round trips a request must take at least, given its protocol and what was cold.

=====================  ==========================================================================
step                   round trips
=====================  ==========================================================================
name                   1 if a question was sent to a resolver; 0 from the hosts file or a literal
TCP                    1 (RFC 9293, 3.5); 0 on a reused connection
proxy tunnel           1 (RFC 9110, 9.3.6)
TLS 1.3                1 (RFC 8446, 2); 0 with accepted early data
TLS 1.2                2, resumed 1 (RFC 5246, 7.3)
QUIC                   1 with TLS inside (RFC 9001, 4); 0 with accepted early data
request                1
content                one more for each window beyond the first: 10 segments (RFC 6928), doubling
                       with every round (slow start, RFC 5681, 3.1)
=====================  ==========================================================================
"""

from firstbyte.journey.model import Hop, Tls

INITIAL_WINDOW_SEGMENTS = 10
_DEFAULT_MSS_BYTES = 1460


def slow_start_rounds(size_bytes: int, mss_bytes: int) -> int:
    """Rounds in which slow start from the initial window delivers ``size_bytes``; at least 1."""
    segments = -(-max(0, size_bytes) // max(1, mss_bytes))
    rounds, window, delivered = 1, INITIAL_WINDOW_SEGMENTS, INITIAL_WINDOW_SEGMENTS
    while delivered < segments:
        window *= 2
        delivered += window
        rounds += 1
    return rounds


def minimum_round_trips(hop: Hop) -> float:
    """The least that the hop's steps cost; only steps that happened are counted."""
    phases = hop.phases
    total = 0
    if phases.dns is not None and hop.dns is not None and hop.dns.questions:
        total += 1
    if phases.tcp is not None:
        total += 1 + _is_tunnelled(hop)
    if phases.tls is not None:
        total += _tls_minimum(hop.tls)
    if phases.quic is not None:
        total += 0 if hop.quic is not None and hop.quic.early_data else 1
    if phases.wait is not None:
        total += 1 + content_minimum(hop)
    return total


def content_minimum(hop: Hop) -> int:
    """Round trips that the content takes beyond the response's first window, on a cold path.

    A server whose first window is larger than 10 segments may take fewer: then those are the
    minimum.
    """
    seen = _content_seen(hop)
    size_bytes = hop.http.body_bytes if hop.http is not None else None
    if hop.reused or not size_bytes:
        return 0
    expected = slow_start_rounds(size_bytes, _DEFAULT_MSS_BYTES) - 1
    return expected if seen is None else min(expected, int(seen))


def _content_seen(hop: Hop) -> float | None:
    """Those that segments showed: after the first byte, and before it for a record's own."""
    receive, wait = hop.phases.receive, hop.phases.wait
    if receive is None or receive.round_trips is None:
        return None
    return receive.round_trips + ((wait.round_trips or 1) - 1 if wait is not None else 0)


def used_round_trips(hop: Hop) -> float:
    """Round trips that the hop took.

    Those of the content are known only where segments were seen; without them its minimum is
    counted on both sides, so that like is compared with like.
    """
    phases = hop.phases
    counted = [phases.dns, phases.tcp, phases.tls, phases.quic, phases.send, phases.wait]
    total = sum(phase.round_trips or 0 for phase in counted if phase is not None)
    if _is_tunnelled(hop):
        total += 1
    if phases.receive is not None:
        seen = phases.receive.round_trips
        total += content_minimum(hop) if seen is None else seen
    return total


def _is_tunnelled(hop: Hop) -> bool:
    """CONNECT was asked of a proxy, and answered: TLS began behind it."""
    return hop.proxy is not None and hop.url.startswith("https:") and hop.phases.tls is not None


def _tls_minimum(tls: Tls | None) -> int:
    if tls is None:
        return 1
    if tls.early_data:
        return 0
    return 2 if tls.version in {"TLSv1.2", "TLSv1.1", "TLSv1"} and not tls.resumed else 1
