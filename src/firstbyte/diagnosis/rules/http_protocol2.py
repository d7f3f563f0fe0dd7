"""The peer breaks HTTP/2's rules."""

from firstbyte.diagnosis.evidence import endpoint, response_text, when_failed
from firstbyte.diagnosis.rule import Rule

RULE = Rule(
    id="http.protocol2",
    severity="critical",
    check=when_failed(
        "http.protocol2",
        lambda hop: f"What {endpoint(hop)} sent breaks the rules of HTTP/2.",
        response_text,
    ),
    title="HTTP/2 protocol error",
    meaning=(
        "h2 was agreed on, but the frames that came are not valid: no SETTINGS first, a wrong "
        "size, a header block that cannot be decoded. A server or proxy that announces h2 and "
        "speaks HTTP/1.1 does this too."
    ),
    see=("nghttp -v URL", "curl -v --http1.1 URL"),
    fix="Take h2 out of the server's ALPN list until it is mended; use --http1.1 meanwhile.",
    references=("RFC 9113, 5.4.1", "RFC 9113, 3.4"),
    aliases=(
        "PROTOCOL_ERROR",
        "FRAME_SIZE_ERROR",
        "COMPRESSION_ERROR",
        "nghttp2 error",
        "Error in the HTTP2 framing layer",
        "http2: frame too large",
        "FLOW_CONTROL_ERROR",
        "ERR_HTTP2_COMPRESSION_ERROR",
        "ERR_HTTP2_FRAME_SIZE_ERROR",
    ),
)
