"""The peer ended the request's stream."""

from firstbyte.diagnosis.evidence import endpoint, response_text, when_failed
from firstbyte.diagnosis.rule import Rule

RULE = Rule(
    id="http.stream_reset",
    severity="critical",
    check=when_failed(
        "http.stream_reset",
        lambda hop: f"{endpoint(hop)} reset the request's stream.",
        response_text,
    ),
    title="The stream was reset",
    meaning=(
        "In HTTP/2 and HTTP/3 one stream can be ended alone: RST_STREAM or RESET_STREAM with a "
        "code. INTERNAL_ERROR: the server failed. REFUSED_STREAM: it did not even begin, so "
        "repeating is safe. ENHANCE_YOUR_CALM: too much was asked. CANCEL: a gateway gave up."
    ),
    see=("curl -v --http2 URL", "nghttp -v URL"),
    fix="Look for the code's reason in the server's or gateway's log; try --http1.1 to compare.",
    references=("RFC 9113, 5.4.2", "RFC 9113, 7", "RFC 9114, 8.1"),
    aliases=(
        "curl: (92)",
        "HTTP/2 stream was not closed cleanly",
        "ERR_HTTP2_PROTOCOL_ERROR",
        "NGHTTP2_INTERNAL_ERROR",
        "RST_STREAM",
        "INTERNAL_ERROR",
        "REFUSED_STREAM",
        "curl: (95)",
        "stream error: stream ID",
        "ENHANCE_YOUR_CALM",
        "StreamReset",
        "NGHTTP2_REFUSED_STREAM",
    ),
)
