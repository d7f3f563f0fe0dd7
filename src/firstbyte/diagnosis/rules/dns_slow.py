"""The name took long, against the path."""

from collections.abc import Iterator

from firstbyte.diagnosis.evidence import ms_text, name, questions_text, rtt_ms
from firstbyte.diagnosis.rule import Observation, Rule
from firstbyte.journey.model import Journey

SLOW_MS = 150
RTT_FACTOR = 3


def _check(journey: Journey) -> Iterator[Observation]:
    for hop in journey.hops:
        phase, rtt = hop.phases.dns, rtt_ms(hop)
        answered = [q for q in (hop.dns.questions if hop.dns else ()) if q.duration_ms is not None]
        if phase is None or rtt is None or not answered:
            continue
        slowest = max(q.duration_ms or 0 for q in answered)
        if slowest >= SLOW_MS and slowest >= RTT_FACTOR * rtt:
            yield Observation(
                f"Resolving {name(hop)} took {ms_text(phase.duration_ms)}, "
                f"the path to the server itself only {ms_text(rtt)} a round trip.",
                questions_text(hop),
            )


RULE = Rule(
    id="dns.slow",
    severity="warning",
    check=_check,
    title="Slow name resolution",
    meaning=(
        "The name took much longer than a round trip to the server that it leads to. The resolver "
        "had to ask around (cold cache, long alias chain, slow or distant servers) or "
        "is itself far away. Every new visitor pays this before the first SYN."
    ),
    see=("dig NAME | grep 'Query time'", "dig +trace NAME", "firstbyte dns NAME"),
    fix="Use a nearer resolver, longer TTLs and shorter CNAME chains.",
    cures=(
        "Run a local cache (unbound, systemd-resolved) on busy machines.",
        "Spread the zone's servers, or use an anycast provider.",
    ),
    references=("RFC 1034, 5.3.3", "RFC 8767, 1"),
    aliases=("slow dns", "time_namelookup", "dns latency", "dns lookup slow"),
)
