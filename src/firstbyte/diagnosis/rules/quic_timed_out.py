"""No answer over UDP."""

from collections.abc import Iterator

from firstbyte.diagnosis.evidence import attempts_text, endpoint, failure
from firstbyte.diagnosis.rule import Observation, Rule
from firstbyte.journey.model import Journey


def _check(journey: Journey) -> Iterator[Observation]:
    failed = failure(journey, "quic.timed_out", "deadline.connect", "deadline.total")
    if failed is None or (failed.error.id != "quic.timed_out" and failed.error.phase != "quic"):
        return
    yield Observation(
        f"{endpoint(failed.hop)} did not answer QUIC's Initial packets.",
        f"{attempts_text(failed.hop, 'quic')}; {failed.error.message}",
    )


RULE = Rule(
    id="quic.timed_out",
    severity="critical",
    check=_check,
    title="QUIC met silence",
    meaning=(
        "Initial packets went out over UDP and nothing came back: no server listens for QUIC "
        "there, or UDP to this port is filtered, as many company networks do. HTTP over TCP may "
        "work all the same."
    ),
    see=("curl -v --http3-only URL", "curl -v --http2 URL", "tcpdump -n 'udp port 443'"),
    fix="Open UDP 443 both ways and enable HTTP/3 on the server; or use TCP (--http2).",
    references=("RFC 9308, 2", "RFC 9000, 8.1", "RFC 9002, 6.2"),
    aliases=(
        "ERR_QUIC_PROTOCOL_ERROR timeout",
        "QUIC_NETWORK_IDLE_TIMEOUT",
        "udp 443 blocked",
        "QUIC connection timed out",
        "timeout: no recent network activity",
    ),
)
