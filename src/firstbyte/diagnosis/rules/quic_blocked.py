"""HTTP/3 was tried, and TCP had to help."""

from collections.abc import Iterator

from firstbyte.diagnosis.evidence import attempt_text, attempts, host
from firstbyte.diagnosis.rule import Observation, Rule
from firstbyte.journey.model import Attempt, Journey

# A QUIC attempt that lost sooner than this was merely slower than TCP.
_SILENCE_MS = 200


def _check(journey: Journey) -> Iterator[Observation]:
    for hop in journey.hops:
        lost = [a for a in attempts(hop, "quic") if _failed(a)]
        if lost and any(a.outcome == "connected" for a in attempts(hop, "tcp")):
            yield Observation(
                f"{host(hop)} offers HTTP/3, but QUIC did not work; TCP was used.",
                "; ".join(attempt_text(a) for a in lost),
            )


def _failed(attempt: Attempt) -> bool:
    if attempt.outcome == "failed":
        return True
    return attempt.outcome != "connected" and (attempt.duration_ms or 0) >= _SILENCE_MS


RULE = Rule(
    id="quic.blocked",
    severity="warning",
    check=_check,
    title="QUIC does not work, TCP does",
    meaning=(
        "HTTP/3 was tried because the name's HTTPS record or an option said so, and met failure "
        "or silence, while TCP on the same name works. UDP 443 is filtered on the way, or the "
        "server announces HTTP/3 without serving it. Browsers lose time on it."
    ),
    see=("curl -v --http3-only URL", "dig HTTPS HOST"),
    fix="Open UDP 443 to the server, or stop announcing h3 (HTTPS record, Alt-Svc).",
    references=("RFC 9114, 3.1.1", "RFC 9460, 7.1", "RFC 9308, 2"),
    aliases=("http3 fallback", "udp blocked", "alt-svc broken", "QUIC blocked"),
)
