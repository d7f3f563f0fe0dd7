"""A server that does not understand EDNS."""

from collections.abc import Iterator

from firstbyte.diagnosis.rule import Observation, Rule
from firstbyte.events.dns import Fallback
from firstbyte.journey.model import Journey


def _check(journey: Journey) -> Iterator[Observation]:
    told: set[str] = set()
    for event in journey.events:
        if isinstance(event.what, Fallback) and event.what.kind == "no_edns":
            server = event.what.detail.partition(" ")[0]
            if server not in told:
                told.add(server)
                yield Observation(
                    f"The name server {server} does not understand EDNS.", event.what.detail
                )


RULE = Rule(
    id="dns.no_edns",
    severity="warning",
    check=_check,
    title="A name server does not understand EDNS",
    meaning=(
        "EDNS (1999) is how clients say that they take more than 512 bytes over UDP, want DNSSEC "
        "or send a cookie. This server answers such questions with an error, or without EDNS, so "
        "they are asked twice or over TCP, and DNSSEC cannot pass. Resolvers have stopped working "
        "around servers that stay silent (DNS flag day 2019)."
    ),
    see=("dig @SERVER ZONE SOA +norec", "dig @SERVER ZONE SOA +norec +noedns"),
    fix="Update the name server; every one that is maintained speaks EDNS.",
    cures=("Look for a firewall or load balancer in front of it that meddles with DNS.",),
    references=("RFC 6891, 7", "RFC 8906, 3.2"),
    aliases=("EDNS failure", "FORMERR EDNS", "DNS flag day", "no OPT record"),
)
