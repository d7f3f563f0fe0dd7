"""The exchange was cut by a reset."""

from firstbyte.diagnosis.evidence import endpoint, response_text, when_failed
from firstbyte.diagnosis.rule import Rule

RULE = Rule(
    id="http.reset",
    severity="critical",
    check=when_failed(
        "http.reset",
        lambda hop: f"{endpoint(hop)} reset the connection in the middle of the exchange.",
        response_text,
    ),
    title="Reset during the exchange",
    meaning=(
        "The request was under way, or the response had begun, when an RST ended the connection: "
        "the server's worker died or was killed for its time, it closed with unread request data, "
        "or a middlebox cut in. What was received is not complete."
    ),
    see=("curl -v URL -o /dev/null", "tcpdump -n 'tcp[tcpflags] & tcp-rst != 0'"),
    fix="Look in the server's log for a crash or kill (timeouts, memory) at this time.",
    cures=("If it refuses large uploads: it should answer 413 and read on, not close.",),
    references=("RFC 9293, 3.5.2", "RFC 9112, 9.6"),
    aliases=(
        "Recv failure",
        "connection reset while reading",
        "ERR_CONTENT_RESET",
        "upstream prematurely closed connection",
        "connection reset during response",
    ),
)
