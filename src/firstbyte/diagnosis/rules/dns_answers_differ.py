"""The zone's servers answer the same question differently."""

from collections.abc import Iterator

from firstbyte.diagnosis.rule import Observation, Rule
from firstbyte.diagnosis.zones import answered, canonical, server_text, shown
from firstbyte.events.dns import Answer
from firstbyte.journey.model import Journey

_VARYING = {"SOA", "DNSKEY", "AXFR", "IXFR", "ANY", "RRSIG"}
"""Types whose difference has a finding of its own, or that may differ."""
_CHOSEN = {"A", "AAAA", "HTTPS"}
"""Types of which many servers give a choice, by place and load: one or the other is no fault."""
Said = tuple[str, tuple[str, ...]]


def _check(journey: Journey) -> Iterator[Observation]:
    for (zone, name, kind), said in _by_question(journey).items():
        if len(set(said.values())) > 1:
            chosen = kind in _CHOSEN and all(data for _, data in said.values())
            yield Observation(
                f"The name servers of {shown(zone)} give different answers for {name} {kind}.",
                "; ".join(
                    f"{server_text(journey, server)}: {_words(*one)}"
                    for server, one in said.items()
                ),
                severity="info" if chosen else None,
            )


def _by_question(journey: Journey) -> dict[tuple[str, str, str], dict[str, Said]]:
    found: dict[tuple[str, str, str], dict[str, Said]] = {}
    for question, answer in answered(journey):
        counts = answer.kind in ("answer", "nodata", "nxdomain") and "aa" in answer.flags
        if counts and question.type not in _VARYING and "tc" not in answer.flags:
            key = (canonical(question.zone or "."), canonical(question.name), question.type)
            found.setdefault(key, {})[question.server] = (answer.rcode, _data(answer))
    return found


def _data(answer: Answer) -> tuple[str, ...]:
    return tuple(sorted(f"{r.type} {r.data.lower()}" for r in answer.answers if r.type != "RRSIG"))


def _words(rcode: str, data: tuple[str, ...]) -> str:
    return ", ".join(data) if data else "no data" if rcode == "NOERROR" else rcode


RULE = Rule(
    id="dns.answers_differ",
    severity="warning",
    check=_check,
    title="The zone's name servers disagree",
    meaning=(
        "The same question got different answers from servers of the same zone. Either a change "
        "is on its way (the serials tell), or a server has another source, or answers are made "
        "for the place of who asks (GeoDNS, load balancing), where each server may choose freely."
    ),
    see=("firstbyte dns compare NAME TYPE", "for s in SERVERS; do dig @$s NAME +short; done"),
    fix="Give all servers the same zone, and see that transfers work.",
    cures=("If the answers are chosen by place or load on purpose, nothing is wrong.",),
    references=("RFC 1034, 4.3.5", "RFC 2182, 3"),
    aliases=("inconsistent nameservers", "servers disagree", "different answers"),
)
