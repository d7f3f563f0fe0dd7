"""A truncated answer cost a TCP connection."""

from collections.abc import Iterator

from firstbyte.diagnosis.evidence import name, questions, questions_text
from firstbyte.diagnosis.rule import Observation, Rule
from firstbyte.journey.model import Journey


def _check(journey: Journey) -> Iterator[Observation]:
    for hop in journey.hops:
        asked = questions(hop)
        cut = [q for q in asked if "tc" in q.flags and q.transport == "udp"]
        again = [q for q in asked if q.transport == "tcp" and q.rcode is not None]
        if cut and again:
            yield Observation(
                f"The answer for {name(hop)} did not fit a datagram: it was fetched over TCP.",
                questions_text(hop),
            )


RULE = Rule(
    id="dns.truncated",
    severity="info",
    check=_check,
    title="A truncated DNS answer was fetched over TCP",
    meaning=(
        "The answer was larger than a datagram may be (512 bytes, or what EDNS allows: 1,232 is "
        "the common choice), so the server set TC. The question was repeated over TCP: two more "
        "round trips, and a failure wherever TCP port 53 is filtered."
    ),
    see=("dig +ignore NAME   # shows the truncated answer", "dig NAME | tail -4"),
    fix="Make the answer smaller: fewer records at the name, shorter chains, EC signatures.",
    references=("RFC 7766, 5", "RFC 6891, 6.2.5", "RFC 9715, 3"),
    aliases=("tc flag", "dns over tcp fallback", "dns truncation"),
)
