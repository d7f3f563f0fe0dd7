"""A server does not answer for a zone that is delegated to it."""

from collections.abc import Iterator

from firstbyte.diagnosis.evidence import ms_text
from firstbyte.diagnosis.rule import Observation, Rule
from firstbyte.diagnosis.zones import question_text, server_text, shown, took_ms, zone_questions
from firstbyte.events.dns import Answer
from firstbyte.journey.model import Journey

_REFUSALS = {"REFUSED", "NOTAUTH"}


def _check(journey: Journey) -> Iterator[Observation]:
    told: set[tuple[str, str]] = set()
    for one in zone_questions(journey):
        question, answer = one.question, one.outcome
        place = (question.server, question.zone or "")
        if not isinstance(answer, Answer) or question.type == "AXFR" or place in told:
            continue
        if answer.kind == "lame" or answer.rcode in _REFUSALS:
            told.add(place)
            flags = " ".join(answer.flags)
            yield Observation(
                f"{server_text(journey, question.server)} is lame for {shown(place[1])}: "
                "the zone is delegated to it, and it does not answer for the zone.",
                f"{question_text(journey, question)}: {answer.rcode}, flags {flags}, "
                f"in {ms_text(took_ms(one))}",
            )


RULE = Rule(
    id="dns.lame",
    severity="warning",
    check=_check,
    title="A name server is lame: it does not answer for a zone that is delegated to it",
    meaning=(
        "The parent names this server for the zone, but the server refuses, answers without "
        "authority, or points upwards: the zone is not configured there, has expired, or the "
        "delegation is out of date. Resolvers try the next server, so every few lookups are slow; "
        "when all servers are lame, the name does not resolve at all."
    ),
    see=("dig @SERVER ZONE SOA +norec   # expect the flag aa", "firstbyte dns --audit ZONE"),
    fix="Configure the zone on that server, or take the server out of the delegation.",
    cures=(
        "If the server is a secondary: look whether its transfers work; an expired zone is lame.",
        "Change the NS set at the parent (through the registrar), not in the zone alone.",
    ),
    references=("RFC 1912, 2.8", "RFC 9499, 7", "RFC 9520, 2.2"),
    aliases=("lame delegation", "lame server", "lame-servers", "upward referral", "not auth"),
)
