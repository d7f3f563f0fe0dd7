"""What the questions to zones' own servers tell: what rules about zones and delegations ask.

Only questions that say whose server was asked (``Question.zone``) count: those of a walk from the
root, and those that compare or audit a zone's servers. A stub's journey has none.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from firstbyte.events.dns import Answer, QueryFailed, Question, Record, TimedOut
from firstbyte.journey.build_dns import Asked, pair_questions
from firstbyte.journey.model import Journey

_ADDRESSES = ("A", "AAAA")


class Delegation(NamedTuple):
    """A referral: who said that ``zone`` is served by ``servers``, and where those are."""

    parent: str
    zone: str
    servers: tuple[str, ...]
    glue: dict[str, tuple[str, ...]]
    """Addresses that came along, by server name."""
    said_by: str


class Signature(NamedTuple):
    """An RRSIG record, as far as time is concerned. Unix seconds."""

    owner: str
    covered: str
    signer: str
    begins_s: float
    expires_s: float


def zone_questions(journey: Journey) -> tuple[Asked, ...]:
    """Every question to a zone's own server, with what became of it."""
    of_zones = (q for hop in journey.hops if hop.dns for q in hop.dns.questions if q.zone)
    if next(of_zones, None) is None:
        return ()
    return tuple(one for one in pair_questions(journey.events) if one.question.zone)


def answered(journey: Journey) -> Iterator[tuple[Question, Answer]]:
    """The questions to zones' servers that were answered."""
    for one in zone_questions(journey):
        if isinstance(one.outcome, Answer):
            yield one.question, one.outcome


def error_of(asked: Asked) -> str | None:
    """Why there is no answer; null where there is one, or where none was waited for."""
    if isinstance(asked.outcome, TimedOut):
        return f"no answer within {asked.outcome.waited_s:g} s"
    return asked.outcome.error if isinstance(asked.outcome, QueryFailed) else None


def took_ms(asked: Asked) -> float | None:
    """How long the answer took; null without one."""
    if asked.end_us is None or not asked.answered:
        return None
    return (asked.end_us - asked.start_us) / 1000


def canonical(name: str) -> str:
    """A name as names are compared: lower case, without the last dot."""
    lower = name.lower()
    return lower if lower == "." else lower.removesuffix(".")


def shown(name: str) -> str:
    """A name as sentences have it; the root by its name."""
    return "the root" if canonical(name) == "." else canonical(name)


def listed(names: Sequence[str]) -> str:
    """Names in a sentence: "a", "a and b", "a, b and c"."""
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def is_below(name: str, zone: str) -> bool:
    """Whether ``name`` is ``zone`` or below it; both canonical."""
    return zone == "." or name == zone or name.endswith("." + zone)


def address_of(server: str) -> str:
    """The address in ``192.0.2.1:53`` or ``[2001:db8::1]:53``."""
    return server.rpartition(":")[0].strip("[]")


def server_names(journey: Journey) -> dict[str, str]:
    """Names of servers by address, as far as address records told them."""
    known: dict[str, str] = {}
    for event in journey.events:
        if not isinstance(event.what, Answer):
            continue
        for record in (*event.what.additionals, *event.what.answers):
            if record.type in _ADDRESSES:
                known.setdefault(record.data, canonical(record.name))
    return known


def server_text(journey: Journey, server: str) -> str:
    """A server in words: "ns1.example.org (192.0.2.53)"."""
    address = address_of(server)
    name = server_names(journey).get(address)
    return f"{name} ({address})" if name else address


def question_text(journey: Journey, question: Question) -> str:
    """A question in words: "SOA of example.org at ns1.example.org (192.0.2.53) over udp"."""
    where = server_text(journey, question.server)
    return f"{question.type} of {question.name} at {where} over {question.transport}"


def delegations(journey: Journey) -> tuple[Delegation, ...]:
    """Each referral once: of one zone the first."""
    found: dict[str, Delegation] = {}
    for question, answer in answered(journey):
        parent = canonical(question.zone or ".")
        for record in answer.authorities:
            zone = canonical(record.name)
            if answer.kind == "referral" and record.type == "NS" and zone != parent:
                found.setdefault(zone, _delegation(parent, zone, question, answer))
    return tuple(found.values())


def _delegation(parent: str, zone: str, question: Question, answer: Answer) -> Delegation:
    servers = name_set(answer.authorities, zone)
    glue = {
        server: tuple(
            record.data
            for record in answer.additionals
            if record.type in _ADDRESSES and canonical(record.name) == server
        )
        for server in servers
    }
    return Delegation(parent, zone, servers, glue, question.server)


def name_set(records: tuple[Record, ...], zone: str) -> tuple[str, ...]:
    """The zone's NS set in a section, sorted."""
    return tuple(
        sorted({canonical(r.data) for r in records if r.type == "NS" and canonical(r.name) == zone})
    )


def records_of(journey: Journey, kind: str) -> tuple[tuple[Question, Record], ...]:
    """Every record of a type in the answers' and authorities' sections, once."""
    found: dict[Record, Question] = {}
    for question, answer in answered(journey):
        for record in (*answer.answers, *answer.authorities):
            if record.type == kind:
                found.setdefault(record, question)
    return tuple((question, record) for record, question in found.items())


def signatures(journey: Journey) -> tuple[Signature, ...]:
    """Every RRSIG record that can be read."""
    read = (_signature(record) for _, record in records_of(journey, "RRSIG"))
    return tuple(dict.fromkeys(one for one in read if one is not None))


def _signature(record: Record) -> Signature | None:
    words = record.data.split()
    if len(words) < 8:
        return None
    try:
        expires_s, begins_s = (_unix_s(word) for word in words[4:6])
    except ValueError:
        return None
    return Signature(canonical(record.name), words[0], canonical(words[7]), begins_s, expires_s)


def _unix_s(text: str) -> float:
    """A time of RFC 4034, 3.2: YYYYMMDDHHmmSS."""
    return datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=UTC).timestamp()


def started_s(journey: Journey) -> float | None:
    """When the trace began, in Unix seconds; null where the journey does not say it readably."""
    try:
        return datetime.fromisoformat(journey.started_at).timestamp()
    except ValueError:
        return None
