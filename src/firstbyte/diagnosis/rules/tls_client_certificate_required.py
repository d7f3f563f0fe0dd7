"""The server wants to know who we are."""

from firstbyte.diagnosis.evidence import endpoint, handshake_text, when_failed
from firstbyte.diagnosis.rule import Rule

RULE = Rule(
    id="tls.client_certificate_required",
    severity="critical",
    check=when_failed(
        "tls.client_certificate_required",
        lambda hop: f"{endpoint(hop)} demands a client certificate.",
        handshake_text,
    ),
    title="A client certificate is required",
    meaning=(
        "The server asked for a certificate (mutual TLS) and refused to go on without one. In TLS "
        "1.3 the refusal comes after the client believes the handshake done, so it looks like an "
        "error while reading the response."
    ),
    see=(
        "openssl s_client -connect HOST:443 </dev/null | grep -A3 'client certificate CA names'",
        "curl --cert CERT --key KEY URL",
    ),
    fix="Give a certificate that the server's CA has issued: --cert FILE --key FILE.",
    references=("RFC 8446, 4.4.2.4", "RFC 8446, 4.3.2", "RFC 5246, 7.4.6"),
    aliases=(
        "certificate_required",
        "tlsv13 alert certificate required",
        "ERR_BAD_SSL_CLIENT_AUTH_CERT",
        "remote error: tls: certificate required",
        "No required SSL certificate was sent",
        "SSL_ERROR_RX_CERTIFICATE_REQUIRED_ALERT",
        "peer did not return a certificate",
        "mutual tls",
        "mTLS",
        "tls.alert.certificate_required",
    ),
)
