"""Records that nobody may keep."""

from collections.abc import Iterator

from firstbyte.diagnosis.rule import Observation, Rule
from firstbyte.diagnosis.zones import answered, canonical
from firstbyte.journey.model import Journey

_NEVER_CACHED = {"NSEC3PARAM", "RRSIG", "SOA"}
"""NSEC3PARAM is for servers; a signature follows what it covers; denials have limits of theirs."""


def _check(journey: Journey) -> Iterator[Observation]:
    told: set[tuple[str, str]] = set()
    for _, answer in answered(journey):
        for record in answer.answers:
            what = (canonical(record.name), record.type)
            if record.ttl_s == 0 and record.type not in _NEVER_CACHED and what not in told:
                told.add(what)
                yield Observation(
                    f"{what[0]} {what[1]} has a TTL of 0: no cache may keep it.",
                    f"{record.name} 0 {record.type} {record.data}",
                )


RULE = Rule(
    id="dns.zero_ttl",
    severity="info",
    check=_check,
    title="A record with a TTL of 0",
    meaning=(
        "A TTL of 0 says that the record may be used once and not be kept. Every client asks "
        "again for every connection, which costs it a round trip or more, and the zone's servers "
        "get all of these questions; when they fail, the name is gone at once."
    ),
    see=("dig @ZONE-SERVER NAME TYPE +norec   # the second column",),
    fix="Give the record a TTL of a minute or more.",
    cures=("For fail-over 30 to 60 s are quick enough, and let caches carry the load.",),
    references=("RFC 1035, 3.2.1", "RFC 2181, 8", "RFC 1912, 2.2"),
    aliases=("ttl 0", "zero ttl", "uncacheable record"),
)
