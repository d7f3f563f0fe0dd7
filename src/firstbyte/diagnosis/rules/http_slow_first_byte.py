"""The server thought for long."""

from collections.abc import Iterator

from firstbyte.diagnosis.evidence import endpoint, is_forwarded, ms_text, rtt_ms
from firstbyte.diagnosis.rule import Observation, Rule
from firstbyte.journey.claims_proxy import hints_text
from firstbyte.journey.model import Hop, Journey

SLOW_MS = 200
RTT_FACTOR = 3


def _check(journey: Journey) -> Iterator[Observation]:
    for hop in journey.hops:
        wait, rtt = hop.phases.wait, rtt_ms(hop)
        if wait is None or rtt is None or hop.first_byte_ms is None:
            continue
        thinking = wait.duration_ms - rtt
        if thinking >= SLOW_MS and thinking >= RTT_FACTOR * rtt:
            evidence = (
                f"first byte {ms_text(wait.duration_ms)} after the request, "
                f"of which the path takes {ms_text(rtt)} (one RTT)"
            )
            if is_forwarded(hop):
                yield _through_proxy(hop, thinking, evidence)
            else:
                took = f"{endpoint(hop)} took {ms_text(thinking)} to begin its answer."
                yield Observation(took, evidence)


def _through_proxy(hop: Hop, thinking_ms: float, evidence: str) -> Observation:
    """A forwarding proxy hides who took the time; what the answer tells of it is quoted."""
    headers = hop.http.response_headers if hop.http is not None else ()
    return Observation(
        f"The proxy {hop.proxy} took {ms_text(thinking_ms)} to begin its answer: "
        "itself, its way onward, or the server behind it.",
        evidence + hints_text(headers),
        fix="Ask once without the proxy (-x ''), or from where the proxy stands, and compare.",
    )


RULE = Rule(
    id="http.slow_first_byte",
    severity="warning",
    check=_check,
    title="A slow first byte",
    meaning=(
        "The time between the request and the first byte of its answer is far more than a round "
        "trip: the path is not to blame, the server is. It computes, waits for a database or for "
        "another service, starts up, or queues the request behind others."
    ),
    see=("curl -so /dev/null -w '%{time_pretransfer} %{time_starttransfer}\\n' URL",),
    fix="Profile this request on the server; cache what can be cached, or answer early.",
    cures=("Server-Timing headers show where; 103 Early Hints let the client begin meanwhile.",),
    references=("RFC 9110, 7.7", "RFC 8297, 2"),
    aliases=(
        "TTFB",
        "time to first byte",
        "slow server",
        "time_starttransfer",
        "Reduce initial server response time",
        "waiting (TTFB)",
    ),
)
