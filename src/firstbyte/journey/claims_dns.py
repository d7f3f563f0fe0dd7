"""Where the time of a name's resolution went."""

from collections.abc import Iterator

from firstbyte.events import dns
from firstbyte.journey.build_dns import Asked, Round, pair_questions, rounds
from firstbyte.journey.hop_view import HopView
from firstbyte.journey.partition import Claim
from firstbyte.journey.select import first
from firstbyte.journey.words import text_ms


def dns_claims(view: HopView) -> Iterator[Claim]:
    """Claims on the time of the hop's lookup."""
    asked = pair_questions(view.events)
    for one in rounds(asked):
        yield Claim(one.start_us, one.end_us, "dns_round_trip", _round_text(one), 1, rank=3)
    for each_asked in asked:
        if not each_asked.answered:
            end_us = view.end_us if each_asked.end_us is None else each_asked.end_us
            yield Claim(each_asked.start_us, end_us, "dns_wait", _silence_text(each_asked), rank=2)
    started = first(view.events, dns.LookupStarted)
    finished = first(view.events, dns.LookupFinished)
    if started is not None:
        end_us = finished.at_us if finished else view.end_us
        if asked:
            yield from _around(asked, started.at_us, end_us)
        else:
            text = "the name was answered without the network"
            yield Claim(started.at_us, end_us, "client_compute", text, rank=0)


def _around(asked: tuple[Asked, ...], start_us: int, end_us: int) -> Iterator[Claim]:
    """The lookup's time outside any question: preparing, waiting between tries, reading."""
    first_us = min(one.start_us for one in asked)
    last_us = max(one.start_us if one.end_us is None else one.end_us for one in asked)
    yield Claim(start_us, first_us, "client_compute", "preparing the questions", rank=0)
    yield Claim(first_us, last_us, "dns_wait", "between two tries of the resolver", rank=0)
    yield Claim(last_us, end_us, "client_compute", "reading the answers", rank=0)


def _round_text(one: Round) -> str:
    kinds = ", ".join(dict.fromkeys(asked.question.type for asked in one.asked))
    question = one.asked[0].question
    took = text_ms(one.end_us - one.start_us)
    return f"{kinds} of {question.name} at {question.server} over {question.transport}: {took}"


def _silence_text(asked: Asked) -> str:
    question, outcome = asked.question, asked.outcome
    where = f"{question.type} of {question.name} at {question.server}, try {question.attempt}"
    if isinstance(outcome, dns.TimedOut):
        return f"{where}: no answer within {outcome.waited_s:g} s"
    if isinstance(outcome, dns.QueryFailed):
        return f"{where}: {outcome.error}"
    return f"{where}: no answer"
