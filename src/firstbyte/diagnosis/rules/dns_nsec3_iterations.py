"""NSEC3 with extra rounds of hashing."""

from collections.abc import Iterator

from firstbyte.diagnosis.rule import Observation, Rule
from firstbyte.diagnosis.zones import answered, shown
from firstbyte.events.dns import Record
from firstbyte.journey.model import Journey

MANY = 50
"""Above numbers of this size validators may treat the zone as insecure, or fail (RFC 9276, 3.2)."""


def _check(journey: Journey) -> Iterator[Observation]:
    told: set[str] = set()
    for question, answer in answered(journey):
        for record in (*answer.answers, *answer.authorities):
            parameters = _parameters(record)
            zone = question.zone or "."
            if parameters is None or zone in told:
                continue
            rounds, salt = parameters
            if rounds == 0 and salt == "-":
                continue
            told.add(zone)
            what = f"{rounds} extra rounds" if rounds else "a salt"
            yield Observation(
                f"{shown(zone)} hashes the names of its NSEC3 records with {what}.",
                f"{record.type} {record.data}",
                severity="error" if rounds > MANY else None if rounds else "info",
            )


def _parameters(record: Record) -> tuple[int, str] | None:
    """The rounds and the salt of an NSEC3 or NSEC3PARAM record."""
    words = record.data.split()
    if record.type not in ("NSEC3", "NSEC3PARAM") or len(words) < 4 or not words[2].isdecimal():
        return None
    return int(words[2]), words[3]


RULE = Rule(
    id="dns.nsec3_iterations",
    severity="warning",
    check=_check,
    title="NSEC3 with extra rounds or a salt",
    meaning=(
        "Extra rounds of hashing hide names from nobody who has a graphics card, and cost every "
        "validator and every server of the zone. They must be 0; validators may treat a zone with "
        "many of them as unsigned, or answer SERVFAIL. A salt does no good either."
    ),
    see=("dig ZONE NSEC3PARAM   # expect 1 0 0 -",),
    fix="Sign the zone with NSEC3 parameters 1 0 0 - (no extra rounds, no salt), or with NSEC.",
    references=("RFC 9276, 3.1", "RFC 5155, 10.3", "RFC 8914, 4.28"),
    aliases=("NSEC3 iterations", "nsec3 salt", "Unsupported NSEC3 Iterations", "NSEC3PARAM"),
)
