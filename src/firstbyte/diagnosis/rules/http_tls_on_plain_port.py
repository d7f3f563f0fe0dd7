"""TLS where plain HTTP was spoken."""

from firstbyte.diagnosis.evidence import endpoint, response_text, when_failed
from firstbyte.diagnosis.rule import Rule

RULE = Rule(
    id="http.tls_on_plain_port",
    severity="critical",
    check=when_failed(
        "http.tls_on_plain_port",
        lambda hop: f"{endpoint(hop)} speaks TLS; it was asked in plain HTTP.",
        response_text,
    ),
    title="Plain HTTP sent to a TLS port",
    meaning=(
        "The request went out in plain text and a TLS alert came back: the port serves HTTPS. The "
        "URL should say https://. (nginx answers instead with 400, `The plain HTTP request was "
        "sent to HTTPS port`.)"
    ),
    see=("curl -v https://HOST:PORT/", "openssl s_client -connect HOST:PORT"),
    fix="Use https:// for this port.",
    references=("RFC 9110, 4.2.2", "RFC 8446, 6"),
    aliases=(
        "The plain HTTP request was sent to HTTPS port",
        "Received HTTP/0.9 when not allowed",
        "Client sent an HTTP request to an HTTPS server",
        "malformed HTTP response \\x15\\x03",
        "Parse Error: Expected HTTP/",
        "HPE_INVALID_CONSTANT",
        "400 The plain HTTP request",
    ),
)
