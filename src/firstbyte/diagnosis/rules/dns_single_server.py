"""A zone with one name server."""

from collections.abc import Iterator

from firstbyte.diagnosis.rule import Observation, Rule
from firstbyte.diagnosis.zones import Delegation, delegations, listed, shown
from firstbyte.journey.model import Journey


def _check(journey: Journey) -> Iterator[Observation]:
    alone = [one for one in delegations(journey) if _is_alone(one)]
    if alone:
        zones = listed([shown(delegation.zone) for delegation in alone])
        has = "has" if len(alone) == 1 else "have"
        yield Observation(f"{zones} {has} one name server only.", "; ".join(map(_evidence, alone)))


def _is_alone(delegation: Delegation) -> bool:
    """One name, or several names for one address."""
    addresses = {address for glue in delegation.glue.values() for address in glue}
    same = len(addresses) == 1 and all(delegation.glue.values())
    return len(delegation.servers) == 1 or same


def _evidence(delegation: Delegation) -> str:
    servers = ", ".join(" ".join((name, *found)) for name, found in delegation.glue.items())
    return f"{delegation.zone} NS {servers}"


RULE = Rule(
    id="dns.single_server",
    severity="info",
    check=_check,
    title="The zone has only one name server",
    meaning=(
        "A zone is to have at least two servers that do not fail together. With one, or with "
        "several names for one address, a restart, a full link or a mistake takes every name of "
        "the zone away as soon as caches forget it."
    ),
    see=("dig ZONE NS +short", "firstbyte dns --audit ZONE"),
    fix="Add a second name server, in another network and at another place.",
    references=("RFC 1034, 4.1", "RFC 2182, 5"),
    aliases=("single nameserver", "only one NS record", "no secondary dns"),
)
