"""The answer did not fit a datagram, and TCP did not work."""

from firstbyte.diagnosis.evidence import name, questions_text, servers_text, when_failed
from firstbyte.diagnosis.rule import Rule

RULE = Rule(
    id="dns.tcp_blocked",
    severity="critical",
    check=when_failed(
        "dns.tcp_blocked",
        lambda hop: (
            f"The answer for {name(hop)} is truncated and {servers_text(hop)} "
            "cannot be asked over TCP."
        ),
        questions_text,
    ),
    title="Truncated answer, and TCP port 53 is blocked",
    meaning=(
        "The answer was too large for one UDP datagram, so the server set TC and the resolver "
        "asked again over TCP, as it must; but that connection failed. Somebody thinks that DNS "
        "is UDP only, and filters TCP port 53. Small answers work, large ones do not."
    ),
    see=("dig @SERVER NAME", "dig +tcp @SERVER NAME", "nc -vz SERVER 53"),
    fix="Open TCP port 53 to the DNS server in the firewall: DNS needs both transports.",
    cures=("Make the answer smaller: fewer records at the name, or a shorter alias chain.",),
    references=("RFC 7766, 5", "RFC 1035, 4.2.1", "RFC 9210, 4"),
    aliases=("Truncated, retrying in TCP mode", "TC bit", "dns truncated", "tcp port 53 blocked"),
)
