"""A resolver says something else than the zone's own servers."""

from collections.abc import Iterator

from firstbyte.diagnosis.rule import Observation, Rule
from firstbyte.diagnosis.zones import canonical, zone_questions
from firstbyte.events.dns import Answer
from firstbyte.journey.build_dns import Asked, pair_questions
from firstbyte.journey.model import Journey

Question = tuple[str, str]
Data = tuple[str, ...]
_SETTLED = {"answer", "nodata", "nxdomain"}


def _check(journey: Journey) -> Iterator[Observation]:
    authoritative = zone_questions(journey)
    if not authoritative:
        return
    own: dict[Question, set[Data]] = {}
    for one in authoritative:
        if isinstance(one.outcome, Answer) and one.outcome.kind in _SETTLED:
            own.setdefault(_key(one), set()).add(_data(one.outcome))
    for one in pair_questions(journey.events):
        known = own.get(_key(one))
        if one.question.zone or known is None or not isinstance(one.outcome, Answer):
            continue
        said = _data(one.outcome)
        if one.outcome.kind in _SETTLED and said not in known:
            name, kind = _key(one)
            yield Observation(
                f"The resolver {one.question.server} answers {name} {kind} otherwise than the "
                "zone's own servers.",
                f"the resolver: {_words(said)}; the zone: {' or '.join(map(_words, known))}",
            )


def _key(one: Asked) -> Question:
    return canonical(one.question.name), one.question.type


def _data(answer: Answer) -> Data:
    """The data that the question was for, without aliases, whose ends may lie in other zones."""
    data = [r for r in answer.answers if r.type not in ("RRSIG", "CNAME", "DNAME")]
    return tuple(sorted(record.data.lower() for record in data))


def _words(data: Data) -> str:
    return ", ".join(data) or "no data"


RULE = Rule(
    id="dns.split_horizon",
    severity="warning",
    check=_check,
    title="A resolver's answer is not the zone's",
    meaning=(
        "The resolver gave other data than the zone's servers give now. It has an old copy that "
        "lives until its TTL ends; or it is meant to answer otherwise inside a network (split "
        "horizon); or it filters, redirects or forges."
    ),
    see=("firstbyte dns compare NAME", "dig @RESOLVER NAME", "dig @ZONE-SERVER NAME +norec"),
    fix="Wait for the TTL to end, or correct the resolver's local data.",
    cures=(
        "For a split horizon on purpose: keep the views alike in what both of them have.",
        "For data that nobody configured: ask over DoT or DoH, and validate with DNSSEC.",
    ),
    references=("RFC 9499, 6", "RFC 1034, 4.3.5"),
    aliases=("split horizon", "split dns", "views", "stale dns", "dns hijacking", "old dns record"),
)
