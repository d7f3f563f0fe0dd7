"""The resolver does not serve us."""

from firstbyte.diagnosis.evidence import name, questions_text, servers_text, when_failed
from firstbyte.diagnosis.rule import Rule

RULE = Rule(
    id="dns.refused",
    severity="critical",
    check=when_failed(
        "dns.refused",
        lambda hop: f"The DNS server ({servers_text(hop)}) refuses to answer for {name(hop)}.",
        questions_text,
    ),
    title="The DNS server refuses the question (REFUSED)",
    meaning=(
        "The server is there, but its policy does not let us ask: it is authoritative for "
        "other zones only, or a resolver that serves other networks than ours."
    ),
    see=("dig @SERVER NAME", "cat /etc/resolv.conf"),
    fix="Use a resolver that serves this network; check resolv.conf or --dns-servers.",
    cures=("On your own server: allow recursion for this client's network.",),
    references=("RFC 1035, 4.1.1", "RFC 8914, 4.19"),
    aliases=("REFUSED", "EREFUSED", "Query refused", "queryA EREFUSED", "recursion not available"),
)
