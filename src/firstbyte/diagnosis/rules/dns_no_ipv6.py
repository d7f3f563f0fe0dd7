"""A zone that hosts without IPv4 cannot reach."""

from collections.abc import Iterator

from firstbyte.diagnosis.rule import Observation, Rule
from firstbyte.diagnosis.zones import Delegation, delegations, listed, shown
from firstbyte.journey.model import Journey


def _check(journey: Journey) -> Iterator[Observation]:
    lacking = [one for one in delegations(journey) if _is_ipv4_alone(one)]
    if lacking:
        zones = listed([shown(delegation.zone) for delegation in lacking])
        yield Observation(
            f"No name server of {zones} has an IPv6 address.",
            "; ".join(
                f"{name} {', '.join(glue)}"
                for delegation in lacking
                for name, glue in delegation.glue.items()
            ),
        )


def _is_ipv4_alone(delegation: Delegation) -> bool:
    """Whether all of its servers' addresses are known, and none is IPv6."""
    known = delegation.glue.values()
    return bool(known) and all(glue and not any(":" in a for a in glue) for glue in known)


RULE = Rule(
    id="dns.no_ipv6",
    severity="info",
    check=_check,
    title="No name server of the zone has an IPv6 address",
    meaning=(
        "Resolvers that have IPv6 alone cannot reach this zone without a translator. The glue of "
        "all its servers was seen, and none of it was an AAAA record."
    ),
    see=("dig ZONE NS +short", "dig NAME-SERVER AAAA +short"),
    fix="Give at least two of the zone's name servers IPv6 addresses, as glue too.",
    references=("RFC 3901, 4", "RFC 9386, 1"),
    aliases=("no AAAA glue", "nameserver without IPv6", "IPv6-only resolver"),
)
