"""A referral lacks the addresses without which it cannot be followed."""

from collections.abc import Iterator

from firstbyte.diagnosis.rule import Observation, Rule
from firstbyte.diagnosis.zones import Delegation, delegations, is_below, server_text, shown
from firstbyte.journey.model import Journey


def _check(journey: Journey) -> Iterator[Observation]:
    for delegation in delegations(journey):
        lacking = _lacking(delegation)
        if not lacking:
            continue
        whole = len(lacking) == len(delegation.servers)
        names = ", ".join(lacking)
        yield Observation(
            f"The referral to {shown(delegation.zone)} comes without the address of {names}, "
            "which lies in that zone itself.",
            f"{server_text(journey, delegation.said_by)} for {shown(delegation.parent)} named "
            f"{', '.join(delegation.servers)}; glue: {_glue_text(delegation)}",
            severity="error" if whole else None,
        )


def _lacking(delegation: Delegation) -> tuple[str, ...]:
    return tuple(
        name
        for name in delegation.servers
        if is_below(name, delegation.zone) and not delegation.glue[name]
    )


def _glue_text(delegation: Delegation) -> str:
    known = [f"{name} {', '.join(found)}" for name, found in delegation.glue.items() if found]
    return "; ".join(known) or "none"


RULE = Rule(
    id="dns.missing_glue",
    severity="warning",
    check=_check,
    title="Glue is missing: a server inside the zone has no address at the parent",
    meaning=(
        "A server whose name lies in the zone that it serves can only be found if the parent "
        "tells its address along with its name (glue). Without it, that server is as good as not "
        "there; if all servers of the zone are such, the zone cannot be reached at all."
    ),
    see=("dig @PARENT-SERVER ZONE NS +norec   # look at ADDITIONAL", "dig +trace ZONE"),
    fix="Register the server's addresses as host records (glue) at the parent.",
    cures=("Or name servers outside the zone, whose addresses other zones tell.",),
    references=("RFC 9471, 2", "RFC 1034, 4.2.1"),
    aliases=("missing glue", "no glue records", "host object", "orphan delegation"),
)
