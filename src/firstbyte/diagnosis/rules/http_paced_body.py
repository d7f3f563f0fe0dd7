"""The server sent its content with pauses."""

from collections.abc import Iterator

from firstbyte.diagnosis.evidence import endpoint, ms_text
from firstbyte.diagnosis.rule import Observation, Rule
from firstbyte.journey.model import Hop, Journey

PAUSE_MS = 200


def _check(journey: Journey) -> Iterator[Observation]:
    for hop in journey.hops:
        pauses = _pauses_ms(journey, hop)
        if sum(pauses) >= PAUSE_MS:
            what = "header section" if hop.status is None else "content"
            yield Observation(
                f"{endpoint(hop)} stopped sending in the middle of the {what}.",
                f"{len(pauses)} pauses, {ms_text(sum(pauses))} together, the longest "
                f"{ms_text(max(pauses))}; nothing suggests loss",
            )


def _pauses_ms(journey: Journey, hop: Hop) -> list[float]:
    phase = hop.phases.receive
    if phase is None:
        return []
    end = phase.start_ms + phase.duration_ms
    rows = [i for i in journey.ledger if i.cause in {"server_time", "behind_proxy"}]
    return [i.duration_ms for i in rows if phase.start_ms <= i.start_ms < end]


RULE = Rule(
    id="http.paced_body",
    severity="warning",
    check=_check,
    title="The content came with pauses",
    meaning=(
        "The response had begun, then nothing came for much longer than a round trip, without a "
        "sign of loss: the server had nothing to send. It computes while it streams, waits for a "
        "slow disk or backend, or sends an event stream on purpose."
    ),
    see=("curl -sN URL | while read -r line; do date +%T.%N; done",),
    fix="Profile what produces the content; send what is ready, and buffer what trickles.",
    references=("RFC 9110, 6.4",),
    aliases=("slow streaming", "stalled download", "stalls", "Server-Sent Events pause"),
)
