"""A CNAME where a zone begins."""

from collections.abc import Iterator

from firstbyte.diagnosis.rule import Observation, Rule
from firstbyte.diagnosis.zones import answered, canonical, question_text
from firstbyte.journey.model import Journey


def _check(journey: Journey) -> Iterator[Observation]:
    told: set[str] = set()
    for question, answer in answered(journey):
        zone = canonical(question.zone or ".")
        for record in answer.answers:
            at_apex = record.type == "CNAME" and canonical(record.name) == zone
            if at_apex and zone not in told:
                told.add(zone)
                yield Observation(
                    f"{zone} is an alias (CNAME) although a zone begins there.",
                    f"{question_text(journey, question)}: "
                    f"{record.name} {record.ttl_s} CNAME {record.data}",
                )


RULE = Rule(
    id="dns.apex_alias",
    severity="error",
    check=_check,
    title="A CNAME at a zone's apex",
    meaning=(
        "A name with a CNAME may have no other records (but for DNSSEC's), and a zone's apex must "
        "have SOA and NS. Servers that let it pass make the zone depend on who asks first: a "
        "resolver that knows the alias follows it for MX, NS and SOA too, so mail is lost and the "
        "delegation breaks now and then."
    ),
    see=("dig @ZONE-SERVER ZONE CNAME +norec", "dig @ZONE-SERVER ZONE SOA +norec"),
    fix="Put A and AAAA records at the apex instead of the CNAME.",
    cures=(
        "For a CDN: an HTTPS record in AliasMode says the same, and may stand at the apex.",
        "Some providers flatten the alias themselves (ALIAS or ANAME).",
    ),
    references=("RFC 1034, 3.6.2", "RFC 2181, 10.1", "RFC 9460, 1.2"),
    aliases=("CNAME at apex", "CNAME and other data", "root CNAME", "ANAME", "zone apex alias"),
)
