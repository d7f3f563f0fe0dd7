"""No cipher suite or group in common."""

from firstbyte.diagnosis.evidence import endpoint, handshake_text, when_failed
from firstbyte.diagnosis.rule import Rule

RULE = Rule(
    id="tls.no_common_cipher",
    severity="critical",
    check=when_failed(
        "tls.no_common_cipher",
        lambda hop: f"{endpoint(hop)} shares no cipher suite, group or signature algorithm.",
        handshake_text,
    ),
    title="No cipher suite in common",
    meaning=(
        "The server found nothing that it accepts among the offered cipher suites, groups and "
        "signature algorithms (alert handshake_failure or insufficient_security): its list is too "
        "old or too strict, or its certificate's key fits no suite on offer."
    ),
    see=(
        "openssl s_client -connect HOST:443 -cipher ALL:@SECLEVEL=0",
        "nmap --script ssl-enum-ciphers -p 443 HOST",
    ),
    fix="Enable ECDHE suites with AES-GCM or ChaCha20 on the server; check --ciphers and --curves.",
    references=("RFC 9325, 4.2", "RFC 8446, 4.1.1", "RFC 8446, 6.2"),
    aliases=(
        "handshake_failure",
        "sslv3 alert handshake failure",
        "no shared cipher",
        "ssl/tls alert handshake failure",
        "SSL_ERROR_NO_CYPHER_OVERLAP",
        "insufficient_security",
        "remote error: tls: handshake failure",
        "Received fatal alert: handshake_failure",
        "tls.alert.handshake_failure",
    ),
)
