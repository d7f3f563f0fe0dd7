"""The QUIC handshake failed."""

from firstbyte.diagnosis.evidence import endpoint, handshake_text, when_failed
from firstbyte.diagnosis.rule import Rule

RULE = Rule(
    id="quic.handshake",
    severity="critical",
    check=when_failed(
        "quic.handshake",
        lambda hop: f"The QUIC handshake with {endpoint(hop)} failed.",
        handshake_text,
    ),
    title="The QUIC handshake failed",
    meaning=(
        "The server answered over UDP, but the connection was refused during the TLS handshake "
        "that QUIC carries: no common ALPN (h3), no site for this name, a refused certificate; "
        "or a transport parameter broke a rule. The close code 0x100 plus n is TLS alert n."
    ),
    see=("curl -v --http3-only URL",),
    fix="Check that the server offers `h3` for this name and has a certificate for QUIC as well.",
    references=("RFC 9001, 4.8", "RFC 9000, 20.1", "RFC 9114, 3.1"),
    aliases=(
        "CRYPTO_ERROR",
        "QUIC_HANDSHAKE_FAILED",
        "ERR_QUIC_HANDSHAKE_FAILED",
        "curl: (96)",
        "QUIC connect error",
    ),
)
