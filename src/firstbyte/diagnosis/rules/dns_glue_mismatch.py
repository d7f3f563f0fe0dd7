"""The parent's glue is not the server's address any more."""

from collections.abc import Iterator

from firstbyte.diagnosis.rule import Observation, Rule
from firstbyte.diagnosis.zones import answered, canonical, delegations, is_below, shown
from firstbyte.journey.model import Journey


def _check(journey: Journey) -> Iterator[Observation]:
    own = _own_addresses(journey)
    for delegation in delegations(journey):
        for name, glue in delegation.glue.items():
            for kind in ("A", "AAAA"):
                theirs = own.get((delegation.zone, name, kind))
                given = {address for address in glue if (":" in address) == (kind == "AAAA")}
                if theirs and given and not given & theirs:
                    yield Observation(
                        f"The glue of {name} at {shown(delegation.parent)} is not the address "
                        f"that {shown(delegation.zone)} gives.",
                        f"glue: {', '.join(sorted(given))}; the zone: {', '.join(sorted(theirs))}",
                    )


def _own_addresses(journey: Journey) -> dict[tuple[str, str, str], set[str]]:
    """Addresses that zones themselves gave with authority, by zone, name and type."""
    found: dict[tuple[str, str, str], set[str]] = {}
    for question, answer in answered(journey):
        zone = canonical(question.zone or ".")
        if "aa" not in answer.flags or answer.kind == "referral":
            continue
        for record in (*answer.answers, *answer.additionals):
            name = canonical(record.name)
            if record.type in ("A", "AAAA") and is_below(name, zone):
                found.setdefault((zone, name, record.type), set()).add(record.data)
    return found


RULE = Rule(
    id="dns.glue_mismatch",
    severity="warning",
    check=_check,
    title="Glue at the parent and the zone's own addresses differ",
    meaning=(
        "A name server has moved, and the parent was not told: its glue still is the old address. "
        "Resolvers use the glue first. While the old address answers, nobody notices; when it is "
        "given to somebody else, that one may answer for the zone."
    ),
    see=("dig @PARENT-SERVER ZONE NS +norec", "dig @ZONE-SERVER NAME-SERVER A +norec"),
    fix="Change the host record (glue) at the parent to the server's address.",
    references=("RFC 1034, 4.2.2", "RFC 1912, 2.3"),
    aliases=("glue mismatch", "stale glue", "wrong glue", "glue record inconsistency"),
)
