"""One of the name's addresses does not work."""

from collections.abc import Iterator

from firstbyte.diagnosis.evidence import attempt_text, attempts, host, ms_text, spent_ms
from firstbyte.diagnosis.rule import Observation, Rule
from firstbyte.journey.model import Journey


def _check(journey: Journey) -> Iterator[Observation]:
    for hop in journey.hops:
        tried = attempts(hop)
        winner = next((a for a in tried if a.outcome == "connected"), None)
        if winner is None:
            continue
        same_family = [a for a in tried if (":" in a.address) == (":" in winner.address)]
        dead = [a for a in same_family if a.outcome == "failed"]
        if dead:
            waited = ms_text(spent_ms(journey, "waiting_for_address", hop))
            yield Observation(
                f"Not every address of {host(hop)} works: another one had to be tried.",
                f"{'; '.join(attempt_text(a) for a in dead)}; it cost {waited}",
            )


RULE = Rule(
    id="tcp.address_failed",
    severity="warning",
    check=_check,
    title="One of several addresses does not work",
    meaning=(
        "The name leads to several addresses of one family and at least one of them refuses or "
        "does not answer. The next was tried, so the request went through; but clients that try "
        "only one address fail now and then."
    ),
    see=("dig +short HOST", "curl --connect-to ::ADDRESS URL   # for each address"),
    fix="Take the address out of the DNS, or bring its server back.",
    cures=(
        "Let health checks remove dead addresses, and keep TTLs short enough for it to matter.",
    ),
    references=("RFC 8305, 5", "RFC 1794"),
    aliases=("round robin dns dead server", "intermittent connection refused"),
)
