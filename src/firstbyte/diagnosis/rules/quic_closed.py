"""The QUIC connection ended under way."""

from firstbyte.diagnosis.evidence import endpoint, response_text, when_failed
from firstbyte.diagnosis.rule import Rule

RULE = Rule(
    id="quic.closed",
    severity="critical",
    check=when_failed(
        "quic.closed",
        lambda hop: f"{endpoint(hop)} closed the QUIC connection before the answer was whole.",
        response_text,
    ),
    title="The QUIC connection was closed",
    meaning=(
        "CONNECTION_CLOSE came, or nothing at all until the idle timeout, while the request was "
        "open. The code and reason say why, as far as the server wishes to tell."
    ),
    see=("curl -v --http3-only URL",),
    fix="See the code in the evidence and the server's log; compare with --http2.",
    references=("RFC 9000, 10", "RFC 9114, 8.1"),
    aliases=(
        "CONNECTION_CLOSE",
        "ERR_QUIC_PROTOCOL_ERROR",
        "H3_INTERNAL_ERROR",
        "H3_NO_ERROR",
        "QUIC_PEER_GOING_AWAY",
    ),
)
