"""Parent and zone name different servers."""

from collections.abc import Iterator

from firstbyte.diagnosis.rule import Observation, Rule
from firstbyte.diagnosis.zones import answered, canonical, delegations, name_set, shown
from firstbyte.journey.model import Journey


def _check(journey: Journey) -> Iterator[Observation]:
    own = _own_sets(journey)
    for delegation in delegations(journey):
        theirs = own.get(delegation.zone)
        if theirs is None or set(theirs) == set(delegation.servers):
            continue
        yield Observation(
            f"{shown(delegation.parent)} delegates {shown(delegation.zone)} to other servers "
            "than the zone itself names.",
            _difference(delegation.servers, theirs),
        )


def _own_sets(journey: Journey) -> dict[str, tuple[str, ...]]:
    """The NS set of each zone, as its own servers gave it with authority."""
    found: dict[str, tuple[str, ...]] = {}
    for question, answer in answered(journey):
        zone = canonical(question.zone or ".")
        if "aa" in answer.flags and answer.kind != "referral":
            names = name_set((*answer.answers, *answer.authorities), zone)
            if names:
                found.setdefault(zone, names)
    return found


def _difference(parent: tuple[str, ...], zone: tuple[str, ...]) -> str:
    only = [name for name in parent if name not in zone]
    lacking = [name for name in zone if name not in parent]
    parts = [
        f"only at the parent: {', '.join(only)}" if only else "",
        f"only in the zone: {', '.join(lacking)}" if lacking else "",
        f"both: {', '.join(name for name in parent if name in zone) or 'none'}",
    ]
    return "; ".join(filter(None, parts))


RULE = Rule(
    id="dns.delegation_mismatch",
    severity="warning",
    check=_check,
    title="The NS sets of parent and zone differ",
    meaning=(
        "The parent's NS set is how the zone is found first; the zone's own set replaces it in "
        "caches. Where they differ, some clients ask servers that others never ask: an old server "
        "goes on answering, or a new one is not used. It works until the forgotten server is "
        "switched off, or answers with old data."
    ),
    see=("dig @PARENT-SERVER ZONE NS +norec", "dig @ZONE-SERVER ZONE NS +norec"),
    fix="Make the NS set at the parent and the one in the zone the same.",
    cures=("Publish CSYNC records, where the parent follows them (RFC 7477).",),
    references=("RFC 1034, 4.2.2", "RFC 7477, 1", "RFC 2181, 5.4.1"),
    aliases=("NS mismatch", "parent child NS mismatch", "delegation inconsistency"),
)
