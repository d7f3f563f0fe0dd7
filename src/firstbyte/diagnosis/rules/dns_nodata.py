"""The name exists, but has no address."""

from firstbyte.diagnosis.evidence import name, questions_text, when_failed
from firstbyte.diagnosis.rule import Rule

RULE = Rule(
    id="dns.nodata",
    severity="critical",
    check=when_failed(
        "dns.nodata", lambda hop: f"The name {name(hop)} exists but has no address.", questions_text
    ),
    title="The name has no address (NODATA)",
    meaning=(
        "The name exists, but with other types of records than A or AAAA: a mail domain without a "
        "website, an alias whose target has none, or a name with IPv6 only that was asked for IPv4."
    ),
    see=("dig NAME A", "dig NAME AAAA", "dig NAME ANY"),
    fix="Create an A or AAAA record for the name, or use the name that has one (www., say).",
    cures=("With -4 or -6, try without: the other family may have an address.",),
    references=("RFC 2308, 2.2", "RFC 1035, 3.2.2"),
    aliases=(
        "NODATA",
        "EAI_NODATA",
        "ENODATA",
        "No address associated with hostname",
        "WSANO_DATA",
        "getaddrinfo ENODATA",
        "has no A record",
    ),
)
