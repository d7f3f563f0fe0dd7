"""The peer closes the connection for all streams."""

from firstbyte.diagnosis.evidence import endpoint, response_text, when_failed
from firstbyte.diagnosis.rule import Rule

RULE = Rule(
    id="http.goaway",
    severity="critical",
    check=when_failed(
        "http.goaway",
        lambda hop: f"{endpoint(hop)} said GOAWAY before it answered.",
        response_text,
    ),
    title="GOAWAY",
    meaning=(
        "The server closes the whole connection: for maintenance (NO_ERROR), or because it thinks "
        "that the client broke a rule. Requests above the last stream id were not processed and "
        "may be repeated on a new connection."
    ),
    see=("nghttp -v URL", "curl -v --http2 URL"),
    fix="Repeat on a new connection; if it comes back, look at the code and the server's limits.",
    references=("RFC 9113, 6.8", "RFC 9114, 5.2"),
    aliases=(
        "GOAWAY",
        "curl: (16)",
        "http2: server sent GOAWAY and closed the connection",
        "ERR_HTTP2_SERVER_REFUSED_STREAM",
        "GOAWAY received",
    ),
)
