"""A zone's server takes long."""

from collections.abc import Iterator

from firstbyte.diagnosis.evidence import ms_text
from firstbyte.diagnosis.rule import Observation, Rule
from firstbyte.diagnosis.zones import server_text, shown, took_ms, zone_questions
from firstbyte.journey.model import Journey
from firstbyte.journey.select import middle

SLOW_MS = 400
FACTOR = 3


def _check(journey: Journey) -> Iterator[Observation]:
    times: dict[tuple[str, str], list[float]] = {}
    for one in zone_questions(journey):
        took = took_ms(one)
        if took is not None and one.question.transport == "udp":
            key = (one.question.server, one.question.zone or ".")
            times.setdefault(key, []).append(took)
    for (server, zone), own in times.items():
        others = [took for key, all_ in times.items() if key[0] != server for took in all_]
        least, usual = min(own), middle(others) if others else 0.0
        if least >= SLOW_MS and least >= FACTOR * usual:
            yield Observation(
                f"{server_text(journey, server)}, a server of {shown(zone)}, takes "
                f"{ms_text(least)} to answer.",
                f"{len(own)} answers, the quickest in {ms_text(least)}; "
                f"other servers: {ms_text(usual) if others else 'none to compare with'}",
            )


RULE = Rule(
    id="dns.slow_server",
    severity="warning",
    check=_check,
    title="A name server of the zone is slow",
    meaning=(
        "The server is far away, overloaded, or makes its answers slowly. Resolvers learn to "
        "prefer quicker ones, but try it again and again, and the first visitor after a TTL pays. "
        "When all servers of a zone are slow, so is every cold lookup."
    ),
    see=("dig @SERVER ZONE SOA +norec | grep 'Query time'", "firstbyte dns --audit ZONE"),
    fix="Find what the server waits for, or replace it by one that is nearer to its users.",
    references=("RFC 1034, 5.3.3", "RFC 2182, 3.2"),
    aliases=("slow nameserver", "slow authoritative server", "dns latency"),
)
