"""No QUIC version in common."""

from firstbyte.diagnosis.evidence import attempts_text, endpoint, when_failed
from firstbyte.diagnosis.rule import Rule

RULE = Rule(
    id="quic.version",
    severity="critical",
    check=when_failed(
        "quic.version",
        lambda hop: f"{endpoint(hop)} shares no QUIC version with the client.",
        lambda hop: attempts_text(hop, "quic"),
    ),
    title="No QUIC version in common",
    meaning=(
        "The server answered with Version Negotiation and listed only versions that the client "
        "does not speak: drafts from before 2021, or Google's own QUIC."
    ),
    see=("curl -v --http3-only URL", "tcpdump -n -X 'udp port 443'"),
    fix="Update the server to QUIC version 1 (RFC 9000).",
    references=("RFC 9000, 6", "RFC 8999, 6"),
    aliases=("Version Negotiation", "QUIC_INVALID_VERSION", "QUIC version negotiation"),
)
