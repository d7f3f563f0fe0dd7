"""The time limit for connecting passed, in another phase than TCP."""

from collections.abc import Iterator

from firstbyte.diagnosis.evidence import endpoint, failure
from firstbyte.diagnosis.rule import Observation, Rule
from firstbyte.journey.model import Journey


def _check(journey: Journey) -> Iterator[Observation]:
    failed = failure(journey, "deadline.connect")
    if failed is not None and failed.error.phase != "tcp":
        yield Observation(
            f"The limit for connecting passed while {failed.error.phase} with "
            f"{endpoint(failed.hop)} was under way.",
            failed.error.message,
        )


RULE = Rule(
    id="deadline.connect",
    severity="critical",
    check=_check,
    title="The connect timeout passed",
    meaning=(
        "--connect-timeout bounds name, TCP and TLS (or QUIC) together. It passed in the phase "
        "that the finding names: what came before had worked. In TLS, silence after the "
        "ClientHello often means a middlebox that dislikes its size or content."
    ),
    see=("curl -v --connect-timeout 10 URL",),
    fix="Look at the phase that hung; raise --connect-timeout if the path is simply slow.",
    references=("RFC 5461, 2",),
    aliases=(
        "--connect-timeout",
        "SSL connection timeout",
        "TLS handshake timeout",
        "net/http: TLS handshake timeout",
        "handshake timed out",
    ),
)
