"""The name's part of a hop: questions paired with what became of them."""

from typing import NamedTuple

from firstbyte.events import Event, dns
from firstbyte.events.dns import Record
from firstbyte.journey.hop_view import HopView
from firstbyte.journey.model import Dns, DnsQuestion, ms
from firstbyte.journey.select import Seen, at_us, each, first

_ADDRESS_TYPES = {"A", "AAAA"}


class Asked(NamedTuple):
    """A question with its end: answered, timed out, failed, or (null) still open."""

    start_us: int
    end_us: int | None
    question: dns.Question
    outcome: dns.Answer | dns.TimedOut | dns.QueryFailed | None

    @property
    def answered(self) -> bool:
        """An answer of whatever kind came."""
        return isinstance(self.outcome, dns.Answer)


class Round(NamedTuple):
    """Questions that were under way together: they cost one round trip between them."""

    start_us: int
    end_us: int
    asked: tuple[Asked, ...]


def build_dns(view: HopView) -> Dns | None:
    """What was looked up in this hop; null when nothing was."""
    events = tuple(event for event in view.events if event.layer == "dns")
    if not events:
        return None
    asked = pair_questions(events)
    started = first(events, dns.LookupStarted)
    hosts = first(events, dns.HostsHit)
    finished = _finished(events, started)
    answers = _records(asked)
    return Dns(
        name=started.what.name if started else None,
        questions=tuple(_question(each_asked) for each_asked in asked),
        answers=answers,
        addresses=_addresses(finished, hosts, answers),
        origin=hosts.what.origin if hosts else None,
        canonical_name=finished.what.canonical_name if finished else None,
        security=finished.what.security if finished else None,
    )


def pair_questions(events: tuple[Event, ...]) -> tuple[Asked, ...]:
    """Each question of ``events`` with the first thing that became of it."""
    ends: dict[int, tuple[int, dns.Answer | dns.TimedOut | dns.QueryFailed]] = {}
    for event in events:
        if isinstance(event.what, dns.Answer | dns.TimedOut | dns.QueryFailed):
            ends.setdefault(event.what.query, (at_us(event), event.what))
    return tuple(_pair(seen, ends.get(seen.what.query)) for seen in each(events, dns.Question))


def _pair(
    seen: Seen[dns.Question],
    end: tuple[int, dns.Answer | dns.TimedOut | dns.QueryFailed] | None,
) -> Asked:
    if end is None:
        return Asked(seen.at_us, None, seen.what, None)
    return Asked(seen.at_us, max(seen.at_us, end[0]), seen.what, end[1])


def rounds(asked: tuple[Asked, ...]) -> tuple[Round, ...]:
    """Group answered questions: one begun before any of its group was answered runs in parallel."""
    groups: list[list[Asked]] = []
    first_end_us = 0
    for one in sorted((a for a in asked if a.answered), key=lambda a: a.start_us):
        end_us = one.start_us if one.end_us is None else one.end_us
        if groups and one.start_us < first_end_us:
            groups[-1].append(one)
            first_end_us = min(first_end_us, end_us)
        else:
            groups.append([one])
            first_end_us = end_us
    return tuple(
        Round(group[0].start_us, max(a.end_us or a.start_us for a in group), tuple(group))
        for group in groups
    )


def _question(asked: Asked) -> DnsQuestion:
    question, outcome = asked.question, asked.outcome
    answer = outcome if isinstance(outcome, dns.Answer) else None
    return DnsQuestion(
        name=question.name,
        type=question.type,
        server=question.server,
        transport=question.transport,
        attempt=question.attempt,
        start_ms=ms(asked.start_us),
        duration_ms=ms(asked.end_us - asked.start_us) if answer and asked.end_us else None,
        rcode=answer.rcode if answer else None,
        kind=answer.kind if answer else None,
        flags=answer.flags if answer else (),
        answers=answer.answers if answer else (),
        query_bytes=question.bytes,
        answer_bytes=answer.bytes if answer else None,
        zone=question.zone,
        error=_error(outcome),
        extended_error=answer.extended_error if answer else None,
    )


def _error(outcome: dns.Answer | dns.TimedOut | dns.QueryFailed | None) -> str | None:
    if isinstance(outcome, dns.TimedOut):
        return f"no answer within {outcome.waited_s:g} s"
    return outcome.error if isinstance(outcome, dns.QueryFailed) else None


def _records(asked: tuple[Asked, ...]) -> tuple[Record, ...]:
    records: dict[Record, None] = {}
    for one in asked:
        if isinstance(one.outcome, dns.Answer) and one.outcome.kind == "answer":
            records.update(dict.fromkeys(one.outcome.answers))
    return tuple(records)


def _finished(
    events: tuple[Event, ...], started: Seen[dns.LookupStarted] | None
) -> Seen[dns.LookupFinished] | None:
    found = each(events, dns.LookupFinished)
    of_name = [f for f in found if started is None or f.what.name == started.what.name]
    candidates = of_name or found
    return candidates[-1] if candidates else None


def _addresses(
    finished: Seen[dns.LookupFinished] | None,
    hosts: Seen[dns.HostsHit] | None,
    answers: tuple[Record, ...],
) -> tuple[str, ...]:
    if finished is not None:
        return finished.what.addresses
    if hosts is not None:
        return hosts.what.addresses
    return tuple(record.data for record in answers if record.type in _ADDRESS_TYPES)
