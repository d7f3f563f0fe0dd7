"""The name does not exist."""

from firstbyte.diagnosis.evidence import name, questions_text, when_failed
from firstbyte.diagnosis.rule import Rule

RULE = Rule(
    id="dns.nxdomain",
    severity="critical",
    check=when_failed(
        "dns.nxdomain", lambda hop: f"The name {name(hop)} does not exist.", questions_text
    ),
    title="The name does not exist (NXDOMAIN)",
    meaning=(
        "An authoritative server says that there is no record of any type at this name or below "
        "it. The name is misspelt, was never created, has expired, or exists only in another view "
        "(inside a company network, say). The answer is cached for as long as the zone's SOA "
        "record says, so a name created just now may seem absent for a while (RFC 2308)."
    ),
    see=("dig NAME A", "dig +trace NAME", "dig NAME SOA"),
    fix="Check the spelling; create the record, or ask a resolver that knows the zone.",
    cures=(
        "If it was created just now, wait for the negative TTL (the SOA's minimum) to pass.",
        "If it exists in a private zone only, use that network's resolver (--dns-servers).",
        "If the whole domain is gone, look whether its registration expired (whois).",
    ),
    references=("RFC 8020, 2", "RFC 2308, 2.1", "RFC 1035, 4.1.1"),
    aliases=(
        "NXDOMAIN",
        "ENOTFOUND",
        "EAI_NONAME",
        "ERR_NAME_NOT_RESOLVED",
        "DNS_PROBE_FINISHED_NXDOMAIN",
        "Could not resolve host",
        "Name or service not known",
        "getaddrinfo ENOTFOUND",
        "no such host",
        "UnknownHostException",
        "nodename nor servname provided, or not known",
        "curl: (6)",
        "WSAHOST_NOT_FOUND",
        "Name does not resolve",
    ),
)
