"""The server sends its root certificate."""

from collections.abc import Iterator

from firstbyte.diagnosis.certificates import chain
from firstbyte.diagnosis.evidence import endpoint
from firstbyte.diagnosis.rule import Observation, Rule
from firstbyte.journey.model import Journey


def _check(journey: Journey) -> Iterator[Observation]:
    for hop in journey.hops:
        roots = [c for c in chain(hop)[1:] if c.sent and c.self_signed]
        if roots:
            root = roots[0]
            yield Observation(
                f"{endpoint(hop)} sends its root certificate, which no client can use.",
                f"{root.subject}: {root.bytes} bytes at depth {root.depth}",
            )


RULE = Rule(
    id="tls.root_sent",
    severity="info",
    check=_check,
    title="The root certificate is sent",
    meaning=(
        "A client trusts a root because it has it already, never because a server sends it. It "
        "does no harm, but makes each handshake larger."
    ),
    see=("openssl s_client -connect HOST:443 -servername HOST -showcerts </dev/null",),
    fix="Leave the root out of the served chain.",
    references=("RFC 8446, 4.4.2",),
    aliases=("Contains anchor", "chain contains root"),
)
