"""The secure channel ended without the peer's word."""

from collections.abc import Iterator

from firstbyte.diagnosis.evidence import endpoint, header, response_text
from firstbyte.diagnosis.rule import Observation, Rule
from firstbyte.events.tls import Truncated
from firstbyte.journey.model import Hop, Journey


def _check(journey: Journey) -> Iterator[Observation]:
    """Of hops whose response was read: where it failed, the error says more."""
    for event in journey.events:
        if not isinstance(event.what, Truncated) or event.hop >= len(journey.hops):
            continue
        hop = journey.hops[event.hop]
        failed = journey.outcome.error is not None and hop is journey.hops[-1]
        if hop.status is None or failed:
            continue
        if _ends_with_connection(hop):
            yield Observation(
                f"{endpoint(hop)} ended its content by closing, without close_notify: "
                "nobody can tell whether it is whole.",
                f"{response_text(hop)}; no Content-Length, no chunks; FIN without close_notify",
            )
        else:
            yield Observation(
                f"{endpoint(hop)} closed without close_notify, after a complete message.",
                f"{response_text(hop)}; FIN without close_notify",
                "info",
            )


def _ends_with_connection(hop: Hop) -> bool:
    """Only the connection's end says where the content ends (RFC 9112, 6.3)."""
    if not (hop.http_version or "").startswith("1"):
        return False
    chunked = "chunked" in (header(hop, "transfer-encoding") or "").lower()
    return not chunked and header(hop, "content-length") is None


RULE = Rule(
    id="tls.truncated",
    severity="warning",
    check=_check,
    title="TLS closed without close_notify",
    meaning=(
        "The end of a TLS connection is said by a close_notify alert. Without it, a FIN that "
        "anybody on the way can forge looks like the end, and content that has neither a length "
        "nor chunks may be cut without a trace: RFC 9112 calls such a message incomplete. Like "
        "curl, firstbyte keeps the answer, and says so."
    ),
    see=("openssl s_client -connect HOST:443 -ign_eof   # ends in: unexpected eof while reading",),
    fix="Send Content-Length or chunks, and let the server end TLS in order (SSL_shutdown).",
    references=("RFC 9112, 9.8", "RFC 8446, 6.1"),
    aliases=(
        "unexpected eof while reading",
        "SSL_R_UNEXPECTED_EOF_WHILE_READING",
        "error:0A000126",
        "UNEXPECTED_EOF_WHILE_READING",
        "close_notify",
        "truncation attack",
        "peer closed connection without sending TLS close_notify",
        "curl: (56) OpenSSL SSL_read: error:0A000126",
    ),
)
