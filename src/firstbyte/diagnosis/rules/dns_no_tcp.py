"""A zone's server that answers over UDP, and not over TCP."""

from collections.abc import Iterable, Iterator

from firstbyte.diagnosis.rule import Observation, Rule
from firstbyte.diagnosis.zones import error_of, question_text, server_text, shown, zone_questions
from firstbyte.events.dns import Question
from firstbyte.journey.build_dns import Asked
from firstbyte.journey.model import Journey


def _check(journey: Journey) -> Iterator[Observation]:
    asked = [one for one in zone_questions(journey) if one.question.type != "AXFR"]
    by_udp = {q.server for q, answered in _ended(asked) if answered and q.transport == "udp"}
    by_tcp = {q.server for q, answered in _ended(asked) if answered and q.transport == "tcp"}
    told: set[str] = set()
    for one in asked:
        server, why = one.question.server, error_of(one)
        reached = why is not None and "the answer" in why
        if why is None or reached or one.question.transport != "tcp" or server in told:
            continue
        if server in by_udp and server not in by_tcp:
            told.add(server)
            yield Observation(
                f"{server_text(journey, server)}, a server of {shown(one.question.zone or '.')}, "
                "answers over UDP but not over TCP.",
                f"{question_text(journey, one.question)}: {why}",
            )


def _ended(asked: Iterable[Asked]) -> Iterator[tuple[Question, bool]]:
    return ((one.question, one.answered) for one in asked)


RULE = Rule(
    id="dns.no_tcp",
    severity="error",
    check=_check,
    title="A name server does not answer over TCP",
    meaning=(
        "DNS needs both transports: what does not fit a datagram is asked for again over TCP, and "
        "signed answers often do not fit. This server is there over UDP, and its TCP port 53 is "
        "closed or filtered, so its large answers cannot be had."
    ),
    see=("dig +tcp @SERVER ZONE SOA +norec", "nc -vz SERVER 53"),
    fix="Open TCP port 53 on the name server and in the firewalls before it.",
    references=("RFC 9210, 3.1", "RFC 7766, 5"),
    aliases=("tcp port 53 closed", "DNS over TCP refused", "no tcp on nameserver"),
)
