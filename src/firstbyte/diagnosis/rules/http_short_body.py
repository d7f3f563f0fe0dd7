"""Less content than was announced."""

from firstbyte.diagnosis.evidence import endpoint, header, response_text, when_failed
from firstbyte.diagnosis.rule import Rule
from firstbyte.journey.model import Hop


def _show(hop: Hop) -> str:
    length = header(hop, "content-length")
    if length is not None:
        return f"{response_text(hop)} of {length} announced"
    return f"{response_text(hop)}, and the end of the content never came"


RULE = Rule(
    id="http.short_body",
    severity="critical",
    check=when_failed(
        "http.short_body",
        lambda hop: f"{endpoint(hop)} closed before the content was complete.",
        _show,
    ),
    title="Short body",
    meaning=(
        "The connection ended before Content-Length bytes, or before the last chunk, had come: "
        "the server's worker died half-way, a proxy timed out, or the length is computed wrongly. "
        "What was received must not be used as if it were whole."
    ),
    see=("curl -v URL -o /dev/null",),
    fix="Look for a crash or timeout half-way through; compare Content-Length with what is sent.",
    cures=(
        "If a filter (compression) changes the content after its length was set, set it later.",
    ),
    references=("RFC 9112, 8", "RFC 9110, 8.6"),
    aliases=(
        "curl: (18)",
        "transfer closed with outstanding read data remaining",
        "IncompleteRead",
        "ERR_CONTENT_LENGTH_MISMATCH",
        "ERR_INCOMPLETE_CHUNKED_ENCODING",
        "unexpected EOF",
        "Premature end of Content-Length delimited message body",
        "aborted",
        "peer closed connection without sending complete message body",
        "ContentLengthError",
    ),
)
