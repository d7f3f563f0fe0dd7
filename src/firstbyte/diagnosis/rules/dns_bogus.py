"""DNSSEC does not validate."""

import re
from collections.abc import Iterator

from firstbyte.diagnosis.evidence import failure, name, questions, questions_text
from firstbyte.diagnosis.rule import Observation, Rule
from firstbyte.journey.model import Hop, Journey

# RFC 8914, 4: codes by which a validating resolver says that signatures are the reason.
_DNSSEC_CODES = {1, 2, 5, 6, 7, 8, 9, 10, 11, 12, 25, 27}


def _check(journey: Journey) -> Iterator[Observation]:
    failed = failure(journey, "dns.bogus", "dns.servfail")
    if failed is None:
        return
    if failed.error.id == "dns.bogus" or _resolver_says_so(failed.hop):
        yield Observation(
            f"The signatures of {name(failed.hop)} do not validate (DNSSEC).",
            f"{questions_text(failed.hop)}; {failed.error.message}",
        )


def _resolver_says_so(hop: Hop) -> bool:
    texts = [question.extended_error or "" for question in questions(hop)]
    codes = {int(code) for text in texts for code in re.findall(r"(?:^|; )(\d{1,5})\b", text)}
    return bool(codes & _DNSSEC_CODES)


RULE = Rule(
    id="dns.bogus",
    severity="critical",
    check=_check,
    title="DNSSEC validation failed",
    meaning=(
        "The zone is signed, but its signatures do not hold: they have expired, the DS record at "
        "the parent names another key, records are missing their signature, or somebody forges "
        "the answers. A validating resolver refuses such data; one that does not validate answers "
        "as if nothing were wrong, so the name works for some and not for others."
    ),
    see=(
        "dig NAME",
        "dig +cd NAME   # without validation",
        "delv NAME",
        "dig NAME DNSKEY +dnssec",
        "dig DOMAIN DS   # at the parent",
    ),
    fix="Sign the zone again, and make the DS record at the parent match its DNSKEY.",
    cures=(
        "Expired signatures: the signer stopped running; start it, and watch it.",
        "After moving to another DNS provider: remove the old DS record before the move.",
        "Several names at once: look at this machine's and the resolver's clock.",
    ),
    references=("RFC 4035, 5.5", "RFC 8914, 4.7", "RFC 6781, 4.1"),
    aliases=(
        "DNSSEC bogus",
        "bogus",
        "DNSSEC validation failure",
        "Signature Expired",
        "RRSIGs Missing",
        "no valid RRSIG",
        "dnssec-failed.org",
        "DNSKEY Missing",
        "validation failure",
        "broken trust chain",
        "DNSSEC SERVFAIL",
    ),
)
