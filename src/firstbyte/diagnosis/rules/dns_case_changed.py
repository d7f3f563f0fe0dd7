"""A server that does not repeat the question as it was written."""

from collections.abc import Iterator

from firstbyte.diagnosis.rule import Observation, Rule
from firstbyte.diagnosis.zones import error_of, question_text, server_text, shown, zone_questions
from firstbyte.journey.model import Journey

_TOLD = "changed the question's letters"


def _check(journey: Journey) -> Iterator[Observation]:
    told: set[str] = set()
    for one in zone_questions(journey):
        question, why = one.question, error_of(one) or ""
        if _TOLD in why and question.server not in told:
            told.add(question.server)
            yield Observation(
                f"{server_text(journey, question.server)}, a server of "
                f"{shown(question.zone or '.')}, does not repeat the letters of a question.",
                f"{question_text(journey, question)}: {why}",
            )


RULE = Rule(
    id="dns.case_changed",
    severity="info",
    check=_check,
    title="A name server does not keep the letters of a question",
    meaning=(
        "Resolvers mix upper and lower case in the names that they ask for (0x20), and take an "
        "answer that repeats them as a sign that it is not forged. This server answers in other "
        "letters. Resolvers then ask again, over TCP or without the mix: the answer comes later, "
        "and with one defence less."
    ),
    see=("dig @SERVER wWw.ExAmPlE.oRg +norec   # look at the QUESTION section",),
    fix="Update the name server, or the load balancer before it that rewrites questions.",
    references=("RFC 1035, 4.1.2", "RFC 5452, 9.1"),
    aliases=("0x20", "dns-0x20", "case randomisation", "mixed case query", "caps for id"),
)
