"""The request could not be sent whole."""

from firstbyte.diagnosis.evidence import endpoint, response_text, when_failed
from firstbyte.diagnosis.rule import Rule

RULE = Rule(
    id="http.send_failed",
    severity="critical",
    check=when_failed(
        "http.send_failed",
        lambda hop: f"{endpoint(hop)} did not take the whole request.",
        response_text,
    ),
    title="The request could not be sent",
    meaning=(
        "The connection broke while the request was still going out. Servers that limit the size "
        "of uploads often close without reading the rest, and their answer (413) is lost to the "
        "reset that follows."
    ),
    see=("curl -v -d @FILE URL", "curl -v -H 'Expect: 100-continue' -d @FILE URL"),
    fix="Check the server's and every proxy's limit for request bodies; send less at once.",
    references=("RFC 9112, 9.6", "RFC 9110, 15.5.14", "RFC 9110, 10.1.1"),
    aliases=(
        "curl: (55)",
        "Send failure: Broken pipe",
        "write EPIPE",
        "413 Request Entity Too Large",
        "Failed sending data to the peer",
        "We are completely uploaded and fine",
        "client intended to send too large body",
        "ERR_STREAM_WRITE_AFTER_END",
    ),
)
