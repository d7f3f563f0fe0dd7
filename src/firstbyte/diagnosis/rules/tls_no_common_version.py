"""No TLS version in common."""

from firstbyte.diagnosis.evidence import endpoint, handshake_text, when_failed
from firstbyte.diagnosis.rule import Rule

RULE = Rule(
    id="tls.no_common_version",
    severity="critical",
    check=when_failed(
        "tls.no_common_version",
        lambda hop: f"{endpoint(hop)} shares no TLS version with the client.",
        handshake_text,
    ),
    title="No TLS version in common",
    meaning=(
        "The server refused all versions that were offered (alert protocol_version), or chose one "
        "that was not. Old servers know TLS 1.0 or 1.1 only, which are forbidden since 2021; "
        "strict ones TLS 1.3 only."
    ),
    see=(
        "openssl s_client -connect HOST:443 -tls1_2",
        "openssl s_client -connect HOST:443 -tls1_3",
        "nmap --script ssl-enum-ciphers -p 443 HOST",
    ),
    fix="Enable TLS 1.2 and 1.3 on the server; remove --tls-max or --tlsv1.3 on the client.",
    references=("RFC 8996", "RFC 8446, 4.2.1", "RFC 9325, 3.1"),
    aliases=(
        "protocol_version",
        "tlsv1 alert protocol version",
        "unsupported protocol",
        "ERR_SSL_VERSION_OR_CIPHER_MISMATCH",
        "SSL_ERROR_UNSUPPORTED_VERSION",
        "ERR_SSL_OBSOLETE_VERSION",
        "tls: no supported versions satisfy MinVersion",
        "remote error: tls: protocol version not supported",
        "no protocols available",
        "ERR_SSL_UNSUPPORTED_PROTOCOL",
        "tls.alert.protocol_version",
    ),
)
