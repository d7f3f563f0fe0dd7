"""The connection ended after the ClientHello."""

from firstbyte.diagnosis.evidence import endpoint, handshake_text, when_failed
from firstbyte.diagnosis.rule import Rule

RULE = Rule(
    id="tls.dropped",
    severity="critical",
    check=when_failed(
        "tls.dropped",
        lambda hop: f"{endpoint(hop)} broke off the connection during the TLS handshake.",
        handshake_text,
    ),
    title="Dropped during the handshake",
    meaning=(
        "TCP connected, the ClientHello went out, and the connection was closed or reset without "
        "an alert. A middlebox that filters by the name in SNI, a server that cannot parse a large "
        "ClientHello (post-quantum shares make it span two segments), a load balancer without a "
        "healthy backend, or a port that does not speak TLS."
    ),
    see=(
        "openssl s_client -connect HOST:443 -servername HOST",
        "openssl s_client -connect HOST:443 -servername HOST -groups X25519",
        "openssl s_client -connect HOST:443 -noservername",
    ),
    fix="Try other names (SNI) and smaller hellos (--curves X25519) to find what it dislikes.",
    cures=("Look in the load balancer's log for the reason: no backend, no certificate, no rule.",),
    references=("RFC 8446, 6.1", "RFC 8446, 4.2.8"),
    aliases=(
        "unexpected eof while reading",
        "SSL_ERROR_SYSCALL",
        "ERR_CONNECTION_CLOSED",
        "PR_END_OF_FILE_ERROR",
        "OpenSSL SSL_connect: SSL_ERROR_SYSCALL",
        "EOF occurred in violation of protocol",
        "Remote host terminated the handshake",
        "SSL_connect: Connection reset by peer",
        "Client network socket disconnected before secure TLS connection was established",
        "tls handshake eof",
        "write:errno=104",
        "curl: (35)",
    ),
)
