"""An answer that is an error."""

from collections.abc import Iterator

from firstbyte.diagnosis.evidence import failure, header, host, ms_text
from firstbyte.diagnosis.rule import Observation, Rule
from firstbyte.journey.model import Journey, Severity


def _check(journey: Journey) -> Iterator[Observation]:
    hop = journey.hops[-1] if journey.hops else None
    if hop is None or hop.status is None or hop.status < 400:
        return
    severity: Severity = "error" if hop.status >= 500 else "warning"
    if failure(journey, "http.status") is not None:
        severity = "critical"
    whose = "The server" if hop.status >= 500 else "The request"
    after = hop.phases.wait.duration_ms if hop.phases.wait is not None else None
    by = f", by {header(hop, 'server')}" if header(hop, "server") else ""
    yield Observation(
        f"{host(hop)} answered {hop.status}: {whose.lower()} is at fault.",
        f"{hop.method} {hop.url}: {hop.status} after {ms_text(after)}{by}",
        severity,
    )


RULE = Rule(
    id="http.status",
    severity="error",
    check=_check,
    title="An error status",
    meaning=(
        "The exchange itself went well and its answer is an error: 4xx says that the request is "
        "at fault (not found, not allowed, too many), 5xx that the server is. 502, 503 and 504 "
        "come from a gateway whose backend is wrong, absent or late."
    ),
    see=("curl -i URL",),
    fix="4xx: check URL, method, credentials. 5xx: look in the server's and gateway's logs.",
    cures=("429 and 503: honour Retry-After.", "With -f, such a status is exit code 22."),
    references=("RFC 9110, 15.5", "RFC 9110, 15.6"),
    aliases=(
        "404",
        "403",
        "401",
        "429",
        "500",
        "502 Bad Gateway",
        "503 Service Unavailable",
        "504",
        "curl: (22)",
        "The requested URL returned error",
        "ERR_HTTP_RESPONSE_CODE_FAILURE",
        "HTTPError",
        "Internal Server Error",
        "Not Found",
        "Forbidden",
        "Too Many Requests",
    ),
)
