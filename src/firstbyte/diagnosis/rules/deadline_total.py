"""The time limit for everything passed."""

from collections.abc import Iterator

from firstbyte.diagnosis.evidence import endpoint, failure, ms_text, response_text
from firstbyte.diagnosis.rule import Observation, Rule
from firstbyte.journey.model import Hop, Journey


def _check(journey: Journey) -> Iterator[Observation]:
    failed = failure(journey, "deadline.total", "http.timed_out")
    if failed is not None and failed.error.phase != "tcp":
        yield Observation(
            f"The time limit passed in {failed.error.phase}, with {endpoint(failed.hop)}.",
            f"{response_text(failed.hop)}; {ms_text(journey.totals.last_byte_ms)} in all; "
            f"{failed.error.message}{_probe_text(failed.hop)}",
        )


def _probe_text(hop: Hop) -> str:
    if hop.tcp is None or hop.tcp.probe != "answered" or hop.tcp.missed_bytes:
        return ""
    silent = ms_text(hop.tcp.silent_ms)
    return f"; after {silent} of silence a probe was answered: the connection lives"


RULE = Rule(
    id="deadline.total",
    severity="critical",
    check=_check,
    title="The time limit passed",
    meaning=(
        "The limit for the whole trace (-m) passed before the last byte. In `wait`: the server "
        "took the request and said nothing. In `receive`: the content came too slowly, or never "
        "ended (an event stream never does)."
    ),
    see=("curl -v -m 30 URL",),
    fix="Look at the phase that was under way; raise -m if the answer is meant to take so long.",
    cures=("For an endless stream, stop with --max-bytes.",),
    references=("RFC 9110, 15.5.9",),
    aliases=(
        "Operation timed out after",
        "ETIMEDOUT read",
        "ReadTimeout",
        "http.timed_out",
        "ESOCKETTIMEDOUT",
        "java.net.SocketTimeoutException: Read timed out",
        "context deadline exceeded",
        "UND_ERR_HEADERS_TIMEOUT",
        "504 Gateway Timeout",
    ),
)
