"""The peer breaks HTTP/3's rules."""

from firstbyte.diagnosis.evidence import endpoint, response_text, when_failed
from firstbyte.diagnosis.rule import Rule

RULE = Rule(
    id="http.protocol3",
    severity="critical",
    check=when_failed(
        "http.protocol3",
        lambda hop: f"What {endpoint(hop)} sent breaks the rules of HTTP/3.",
        response_text,
    ),
    title="HTTP/3 protocol error",
    meaning=(
        "The QUIC connection stands, but what came on its streams is no valid HTTP/3: a frame "
        "where none may be, a header block that QPACK cannot decode, a broken message."
    ),
    see=("curl -v --http3-only URL", "curl -v --http2 URL"),
    fix="Update the server's HTTP/3; stop announcing h3 (Alt-Svc, HTTPS record) meanwhile.",
    references=("RFC 9114, 8.1", "RFC 9204, 8.3"),
    aliases=(
        "H3_FRAME_UNEXPECTED",
        "H3_MESSAGE_ERROR",
        "QPACK_DECOMPRESSION_FAILED",
        "H3_GENERAL_PROTOCOL_ERROR",
        "HTTP/3 stream error",
    ),
)
