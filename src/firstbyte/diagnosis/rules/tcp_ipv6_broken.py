"""IPv6 does not work, and the fallback to IPv4 hides it."""

from collections.abc import Iterator

from firstbyte.diagnosis.evidence import attempt_text, attempts, host, ms_text, spent_ms
from firstbyte.diagnosis.rule import Observation, Rule
from firstbyte.journey.model import Attempt, Hop, Journey

# The loser needs this long a silence, or a failure: else the winner was simply faster.
_SILENCE_MS = 200
# A failure for want of a route that comes sooner is this machine's own: no packet left.
_LOCAL_MS = 5


def _check(journey: Journey) -> Iterator[Observation]:
    for hop in journey.hops:
        broken = [a for a in attempts(hop) if ":" in a.address and _lost(a)]
        if broken and _ipv4_won(hop):
            yield _observe(journey, hop, broken)


def _observe(journey: Journey, hop: Hop, broken: list[Attempt]) -> Observation:
    waited = ms_text(spent_ms(journey, "waiting_for_address", hop))
    evidence = f"{'; '.join(attempt_text(a) for a in broken)}; the fallback cost {waited}"
    if all(_unrouted_here(attempt) for attempt in broken):
        text = f"This machine has no route to the IPv6 addresses of {host(hop)}; IPv4 was used."
        return Observation(text, evidence, "info", "Nothing, unless this network has IPv6.")
    if all(attempt.address == "::1" for attempt in broken):
        text = f"{host(hop)} listens on IPv4's loopback alone, not on ::1."
        fix = "Listen on ::1, too: some programs try it alone."
        return Observation(text, evidence, "info", fix)
    text = f"{host(hop)} has IPv6 addresses that do not work; IPv4 hid it."
    return Observation(text, evidence)


def _ipv4_won(hop: Hop) -> bool:
    return any(a.outcome == "connected" and ":" not in a.address for a in attempts(hop))


def _lost(attempt: Attempt) -> bool:
    if attempt.outcome == "failed":
        return True
    return attempt.outcome != "connected" and (attempt.duration_ms or 0) >= _SILENCE_MS


def _unrouted_here(attempt: Attempt) -> bool:
    return attempt.errno == "ENETUNREACH" and (attempt.duration_ms or 0) < _LOCAL_MS


RULE = Rule(
    id="tcp.ipv6_broken",
    severity="warning",
    check=_check,
    title="Broken IPv6, hidden by the fallback to IPv4",
    meaning=(
        "The name has AAAA records, but connecting to them fails or meets silence. Clients that "
        "race both families (Happy Eyeballs) fall back to IPv4 after 250 ms, so the site seems "
        "to work, only slower; clients that do not race hang or fail. Where this machine itself "
        "has no IPv6 route, the finding is no more than information."
    ),
    see=("curl -6 -v URL", "ping -6 HOST", "dig AAAA HOST", "curl -4 -v URL"),
    fix="Make the server answer on its IPv6 addresses, or remove the AAAA records.",
    cures=(
        "Check that the server listens on [::] and that the firewall has the same rules for IPv6.",
        "If all IPv6 sites fail: this network's IPv6 is broken (router, tunnel, MTU).",
    ),
    references=("RFC 8305, 5", "RFC 6724, 6"),
    aliases=("happy eyeballs", "ipv6 timeout", "slow ipv6 fallback", "AAAA unreachable"),
)
