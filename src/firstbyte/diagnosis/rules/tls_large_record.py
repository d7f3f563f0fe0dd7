"""The answer's first TLS record does not fit the server's first window."""

from collections.abc import Iterator

from firstbyte.diagnosis.evidence import endpoint, ms_text
from firstbyte.diagnosis.rule import Observation, Rule
from firstbyte.journey.model import Hop, Interval, Journey


def _check(journey: Journey) -> Iterator[Observation]:
    for hop in journey.hops:
        rows = _held_back(journey, hop)
        if rows:
            waited = ms_text(sum(row.duration_ms for row in rows))
            yield Observation(
                f"The first byte waited {waited} for the rest of the TLS record that it was in.",
                f"{endpoint(hop)}: {rows[0].evidence}",
            )


def _held_back(journey: Journey, hop: Hop) -> list[Interval]:
    """Pauses of the sender between the answer's first segment and its first byte."""
    wait = hop.phases.wait
    if wait is None or hop.tls is None:
        return []
    end_ms = wait.start_ms + wait.duration_ms
    rows = [i for i in journey.ledger if i.cause == "transfer_congestion_window"]
    return [row for row in rows if wait.start_ms <= row.start_ms < end_ms]


RULE = Rule(
    id="tls.large_record",
    severity="info",
    check=_check,
    title="The first TLS record is larger than the first window",
    meaning=(
        "A record is decrypted and checked only when it is whole, and may hold 16 kB. A server's "
        "first window is 10 segments, about 14 kB: the end of a full record comes one round trip "
        "later, and with it everything in it, the status line too. Tools that see no segments "
        "take that round trip for the server's work."
    ),
    see=("tshark -Y tls.record -T fields -e tls.record.length -r FILE",),
    fix="Send small records while the window is small: nginx `ssl_buffer_size 4k`.",
    cures=("HAProxy `tune.ssl.maxrecord 1400`, or a server that sizes records by itself.",),
    references=("RFC 8446, 5.1", "RFC 6928, 2"),
    aliases=("ssl_buffer_size", "TLS record size", "dynamic TLS records"),
)
