"""Plain text where TLS was expected."""

from firstbyte.diagnosis.evidence import endpoint, handshake_text, when_failed
from firstbyte.diagnosis.rule import Rule

RULE = Rule(
    id="tls.plain_http",
    severity="critical",
    check=when_failed(
        "tls.plain_http",
        lambda hop: f"{endpoint(hop)} speaks plain text, not TLS.",
        handshake_text,
    ),
    title="Plain HTTP on the TLS port",
    meaning=(
        "The ClientHello was answered with readable text, most often `HTTP/1.1 400 Bad Request`: "
        "the port is served without TLS. The URL should say http://, or the server lost its TLS "
        "configuration (`ssl` missing in nginx's listen)."
    ),
    see=("curl -v http://HOST:PORT/", "openssl s_client -connect HOST:PORT"),
    fix="Use http:// for this port, or switch TLS on in the server (nginx: `listen 443 ssl`).",
    references=("RFC 8446, 5.1", "RFC 9110, 4.2.2"),
    aliases=(
        "wrong version number",
        "SSL routines::wrong version number",
        "ERR_SSL_PROTOCOL_ERROR",
        "SSL_ERROR_RX_RECORD_TOO_LONG",
        "first record does not look like a TLS handshake",
        "http: server gave HTTP response to HTTPS client",
        "packet length too long",
        "Unsupported or unrecognized SSL message",
        "EPROTO wrong version number",
        "record layer failure",
        "http request",
    ),
)
