"""The zone's servers have different versions of it."""

from collections.abc import Iterator

from firstbyte.diagnosis.rule import Observation, Rule
from firstbyte.diagnosis.zones import answered, canonical, server_text, shown
from firstbyte.journey.model import Journey


def _check(journey: Journey) -> Iterator[Observation]:
    for zone, serials in _serials(journey).items():
        if len(set(serials.values())) > 1:
            yield Observation(
                f"The name servers of {shown(zone)} have different versions of the zone.",
                "; ".join(
                    f"{server_text(journey, server)}: serial {serial}"
                    for server, serial in serials.items()
                ),
            )


def _serials(journey: Journey) -> dict[str, dict[str, int]]:
    """The SOA's serial by zone and server, where it was given with authority."""
    found: dict[str, dict[str, int]] = {}
    for question, answer in answered(journey):
        zone = canonical(question.zone or ".")
        for record in (*answer.answers, *answer.authorities):
            words = record.data.split()
            own = record.type == "SOA" and canonical(record.name) == zone and "aa" in answer.flags
            if own and len(words) == 7 and words[2].isdecimal():
                found.setdefault(zone, {})[question.server] = int(words[2])
    return found


RULE = Rule(
    id="dns.serials_differ",
    severity="warning",
    check=_check,
    title="The zone's name servers have different serials",
    meaning=(
        "A change of the zone has reached some of its servers and not others. For the minutes of "
        "a transfer that is normal. If it stays, a secondary does not get the zone any more: it "
        "answers with old data, and when the SOA's expire time is over, not at all."
    ),
    see=("dig ZONE +nssearch", "firstbyte dns compare ZONE SOA"),
    fix="See why the servers with the lower serial do not transfer the zone.",
    cures=(
        "Allow the transfer on the primary, and let NOTIFY through to the secondaries.",
        "Did the serial go backwards? Nobody transfers then: it must grow (RFC 1982).",
    ),
    references=("RFC 1034, 4.3.5", "RFC 1996, 3.2", "RFC 1982, 3.2"),
    aliases=("SOA serial mismatch", "zone not propagated", "stale secondary", "dns propagation"),
)
