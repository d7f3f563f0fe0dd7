"""A name server's name is an alias."""

from collections.abc import Iterator

from firstbyte.diagnosis.rule import Observation, Rule
from firstbyte.diagnosis.zones import answered, canonical, records_of, shown
from firstbyte.journey.model import Journey


def _check(journey: Journey) -> Iterator[Observation]:
    zones = {canonical(r.data): canonical(r.name) for _, r in records_of(journey, "NS")}
    told: set[str] = set()
    for _, answer in answered(journey):
        for record in answer.answers:
            name = canonical(record.name)
            if record.type == "CNAME" and name in zones and name not in told:
                told.add(name)
                yield Observation(
                    f"{name}, a name server of {shown(zones[name])}, is an alias.",
                    f"{zones[name]} NS {name}; {name} CNAME {record.data}",
                )


RULE = Rule(
    id="dns.ns_alias",
    severity="warning",
    check=_check,
    title="A name server's name is an alias (CNAME)",
    meaning=(
        "NS records must name hosts with addresses of their own. Some resolvers refuse to follow "
        "an alias there, and treat the server as if it had no address; the others pay for more "
        "questions."
    ),
    see=("dig ZONE NS +short", "dig NAME-SERVER A"),
    fix="Let the NS record name the host itself, or give the name A and AAAA records.",
    references=("RFC 2181, 10.3", "RFC 1912, 2.4"),
    aliases=("NS points to CNAME", "NS record alias", "CNAME nameserver"),
)
