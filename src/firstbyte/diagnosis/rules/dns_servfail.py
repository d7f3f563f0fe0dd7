"""The resolver could not find the answer."""

from firstbyte.diagnosis.evidence import name, questions_text, servers_text, when_failed
from firstbyte.diagnosis.rule import Rule

RULE = Rule(
    id="dns.servfail",
    severity="critical",
    check=when_failed(
        "dns.servfail",
        lambda hop: f"The resolver ({servers_text(hop)}) failed to resolve {name(hop)}.",
        questions_text,
    ),
    title="The resolver failed (SERVFAIL)",
    meaning=(
        "The resolver tried and got no usable answer: the zone's servers are down or "
        "unreachable, they disagree with their parent (lame delegation), or the zone's DNSSEC "
        "signatures do not validate. An extended error (RFC 8914) may say which."
    ),
    see=(
        "dig NAME",
        "dig +cd NAME   # an answer now means that DNSSEC validation failed",
        "dig +trace NAME",
    ),
    fix="Look with `dig +cd`: if that answers, mend the zone's DNSSEC; if not, its servers.",
    cures=(
        "Compare the NS and DS records at the parent with those of the zone.",
        "Ask another resolver, to learn whether the fault is the zone's or the resolver's.",
    ),
    references=("RFC 1035, 4.1.1", "RFC 8914, 4", "RFC 4035, 5.5"),
    aliases=(
        "SERVFAIL",
        "ESERVFAIL",
        "EAI_AGAIN",
        "Temporary failure in name resolution",
        "getaddrinfo EAI_AGAIN",
        "server misbehaving",
        "queryA ESERVFAIL",
        "WSATRY_AGAIN",
        "DNS_PROBE_FINISHED_BAD_CONFIG",
    ),
)
