"""A body without a head."""

from firstbyte.diagnosis.evidence import endpoint, response_text, when_failed
from firstbyte.diagnosis.rule import Rule

RULE = Rule(
    id="http.http09",
    severity="critical",
    check=when_failed(
        "http.http09",
        lambda hop: f"{endpoint(hop)} answered without a status line, as HTTP/0.9 did.",
        response_text,
    ),
    title="HTTP/0.9: an answer without status line",
    meaning=(
        "What came does not begin with a status line of HTTP/1: either the server speaks the "
        "protocol of 1991, or, far more likely, the port belongs to something else (SSH, "
        "SMTP, a database) that greets with its own banner."
    ),
    see=("nc HOST PORT </dev/null | head -1",),
    fix="Check the port: it most likely belongs to another service.",
    references=("RFC 9112, 2.3", "RFC 9112, 4"),
    aliases=(
        "curl: (1) Received HTTP/0.9 when not allowed",
        "HTTP/0.9",
        "ERR_INVALID_HTTP_RESPONSE 0.9",
        "CURLE_UNSUPPORTED_PROTOCOL http09",
        "Unsupported HTTP version in response",
        "Unsupported response code in HTTP response",
    ),
)
