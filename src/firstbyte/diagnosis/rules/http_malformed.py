"""The response breaks HTTP's rules."""

from firstbyte.diagnosis.evidence import endpoint, response_text, when_failed
from firstbyte.diagnosis.rule import Rule

RULE = Rule(
    id="http.malformed",
    severity="critical",
    check=when_failed(
        "http.malformed",
        lambda hop: f"What {endpoint(hop)} sent is no valid HTTP response.",
        response_text,
    ),
    title="Malformed response",
    meaning=(
        "The bytes break the message's grammar: a bad status line, a header without a colon, "
        "contradicting or invalid Content-Length, a wrong chunk size; or the port speaks another "
        "protocol. Lenient clients guess, and guessing differently from a proxy is how requests "
        "get smuggled."
    ),
    see=("printf 'GET / HTTP/1.1\\r\\nHost: HOST\\r\\n\\r\\n' | nc -N HOST PORT | xxd",),
    fix="Mend the program that writes the response; the evidence says what stood there.",
    references=("RFC 9112, 2.2", "RFC 9112, 6.3", "RFC 9112, 11.2"),
    aliases=(
        "curl: (8)",
        "Weird server reply",
        "BadStatusLine",
        "HPE_INVALID_HEADER_TOKEN",
        "ERR_INVALID_HTTP_RESPONSE",
        "net/http: HTTP/1.x transport connection broken",
        "ERR_RESPONSE_HEADERS_MULTIPLE_CONTENT_LENGTH",
        "RemoteProtocolError",
        "malformed HTTP response",
        "HPE_INVALID_CONTENT_LENGTH",
    ),
)
