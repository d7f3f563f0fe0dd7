"""The answer cannot be read."""

from firstbyte.diagnosis.evidence import name, questions_text, servers_text, when_failed
from firstbyte.diagnosis.rule import Rule

RULE = Rule(
    id="dns.malformed",
    severity="critical",
    check=when_failed(
        "dns.malformed",
        lambda hop: f"What {servers_text(hop)} sent about {name(hop)} is no valid DNS message.",
        questions_text,
    ),
    title="The DNS answer is malformed",
    meaning=(
        "Bytes came from the server's port that break the rules of the DNS message: lengths that "
        "point outside, loops of compressed names, or another protocol altogether. A broken "
        "middlebox or a wrong port number are the usual reasons."
    ),
    see=("dig @SERVER -p PORT NAME", "tcpdump -n -X port 53"),
    fix="Check that the address and port are those of a DNS server; ask another one.",
    references=("RFC 1035, 4.1",),
    aliases=(
        "FORMERR",
        "EFORMERR",
        "malformed DNS packet",
        "Message parser reports malformed",
        "bad rdata",
        "EBADRESP",
        "dns message malformed",
    ),
)
