"""A server gives the whole zone to strangers."""

from collections.abc import Iterator

from firstbyte.diagnosis.rule import Observation, Rule
from firstbyte.diagnosis.zones import answered, server_text, shown
from firstbyte.journey.model import Journey


def _check(journey: Journey) -> Iterator[Observation]:
    for question, answer in answered(journey):
        if question.type == "AXFR" and answer.rcode == "NOERROR" and answer.answers:
            yield Observation(
                f"{server_text(journey, question.server)} gives the whole zone "
                f"{shown(question.zone or '.')} to whoever asks.",
                f"AXFR from here: NOERROR, {len(answer.answers)} records in the first message",
            )


RULE = Rule(
    id="dns.open_transfer",
    severity="warning",
    check=_check,
    title="Zone transfer is open",
    meaning=(
        "This server answered a request for the whole zone (AXFR). If this machine is no secondary "
        "of the zone, anybody can have the list of all its names, hosts that nobody was told of "
        "included, and each transfer costs the server much more than a question."
    ),
    see=("dig @SERVER ZONE AXFR",),
    fix="Allow transfers to the zone's secondaries alone, by address and by TSIG key.",
    cures=("If this machine is allowed on purpose, nothing is wrong.",),
    references=("RFC 5936, 5", "RFC 8945, 1"),
    aliases=("open AXFR", "zone transfer allowed", "allow-transfer", "dns zone leak"),
)
