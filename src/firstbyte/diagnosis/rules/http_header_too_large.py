"""More header than anybody should send."""

from firstbyte.diagnosis.evidence import endpoint, when_failed
from firstbyte.diagnosis.rule import Rule

RULE = Rule(
    id="http.header_too_large",
    severity="critical",
    check=when_failed(
        "http.header_too_large",
        lambda hop: f"The header section of {endpoint(hop)} is larger than the limit.",
        lambda _: "",
    ),
    title="The response's header section is too large",
    meaning=(
        "The headers went over the limit (256 KiB, as curl's), or never ended. Often a growing "
        "cookie or a debugging header; sometimes an attack."
    ),
    see=("curl -sI URL | wc -c",),
    fix="Send smaller headers: look for a cookie or a debug header that grows.",
    references=("RFC 9110, 5.4", "RFC 6585, 5"),
    aliases=(
        "Too large response headers",
        "HPE_HEADER_OVERFLOW",
        "ERR_RESPONSE_HEADERS_TOO_BIG",
        "upstream sent too big header",
        "got more than 100 headers",
        "UND_ERR_HEADERS_OVERFLOW",
    ),
)
