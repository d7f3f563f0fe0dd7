"""The lookup failed for another reason."""

from firstbyte.diagnosis.evidence import name, questions_text, servers_text, when_failed
from firstbyte.diagnosis.rule import Rule

RULE = Rule(
    id="dns.failed",
    severity="critical",
    check=when_failed(
        "dns.failed",
        lambda hop: f"{name(hop)} could not be resolved with {servers_text(hop)}.",
        questions_text,
    ),
    title="The lookup failed",
    meaning=(
        "No server gave a usable answer, for reasons that differ from server to server or that "
        "have no name of their own: a closed port, a failed TLS or HTTP exchange with a DoT or DoH "
        "server, an answer code like NOTIMP. The evidence lists what happened to each question."
    ),
    see=("dig @SERVER NAME", "cat /etc/resolv.conf"),
    fix="See the evidence for each server; try another with --dns-servers.",
    references=("RFC 1035, 4.1.1", "RFC 8484, 4.2.1", "RFC 7858, 3"),
    aliases=(
        "NOTIMP",
        "ENOTIMP",
        "EAI_FAIL",
        "Non-recoverable failure in name resolution",
        "WSANO_RECOVERY",
        "DoH request failed",
    ),
)
