"""A zone's server gives no answer at all."""

from collections.abc import Iterator

from firstbyte.diagnosis.rule import Observation, Rule
from firstbyte.diagnosis.zones import (
    canonical,
    error_of,
    question_text,
    server_text,
    shown,
    zone_questions,
)
from firstbyte.journey.build_dns import Asked
from firstbyte.journey.model import Journey


def _check(journey: Journey) -> Iterator[Observation]:
    by_place: dict[tuple[str, str], list[Asked]] = {}
    for one in zone_questions(journey):
        if one.question.transport == "udp":
            place = (one.question.server, canonical(one.question.zone or "."))
            by_place.setdefault(place, []).append(one)
    cut_off = _cut_off(journey)
    for (server, zone), asked in by_place.items():
        why = [text for one in asked if (text := error_of(one)) is not None]
        if why and server not in cut_off and not any(one.answered for one in asked):
            tried = (
                f"{question_text(journey, one.question)}: {error_of(one)}"
                for one in asked
                if error_of(one)
            )
            times = f"asked {len(why)} times: " if len(why) > 1 else ""
            yield Observation(
                f"{server_text(journey, server)}, a server of {shown(zone)}, does not answer.",
                times + "; ".join(dict.fromkeys(tried)),
            )


def _cut_off(journey: Journey) -> set[str]:
    """Servers of a family that cannot be reached from here at all: that is not their fault."""
    asked = zone_questions(journey)
    reached = {_is_ipv6(one) for one in asked if one.answered}
    return {
        one.question.server
        for one in asked
        if "unreachable" in (error_of(one) or "").lower() and _is_ipv6(one) not in reached
    }


def _is_ipv6(asked: Asked) -> bool:
    return asked.question.server.startswith("[")


RULE = Rule(
    id="dns.dead_server",
    severity="warning",
    check=_check,
    title="A name server of the zone does not answer",
    meaning=(
        "The delegation names a server that is silent or refuses the port. Resolvers that choose "
        "it first wait for their timeout before they try another; when it is the only one, the "
        "name is gone as soon as caches forget it. Silence alone does not tell whether the server "
        "is down, the path is broken or a filter drops the questions."
    ),
    see=("dig @SERVER ZONE SOA +norec +tries=1", "firstbyte dns --audit ZONE", "ping SERVER"),
    fix="Start or mend that name server, or take it out of the delegation.",
    cures=(
        "Look for a firewall that drops UDP port 53, or answers from another address.",
        "Is the glue right? A moved server's old address is a common reason.",
    ),
    references=("RFC 2182, 3.1", "RFC 9520, 2.3", "RFC 1035, 7.2"),
    aliases=("name server down", "dead nameserver", "no response from nameserver", "ns timeout"),
)
