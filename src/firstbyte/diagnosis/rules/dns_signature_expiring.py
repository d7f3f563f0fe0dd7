"""A signature of DNSSEC ends soon."""

from collections.abc import Iterator

from firstbyte.diagnosis.rule import Observation, Rule
from firstbyte.diagnosis.zones import Signature, shown, signatures, started_s
from firstbyte.journey.model import Journey

SOON_S = 7 * 86400
LIFE_SHARE = 0.2
"""Signers renew long before this share of the life is left: BIND a third of it, knot a half."""


def _check(journey: Journey) -> Iterator[Observation]:
    now_s = started_s(journey)
    if now_s is None:
        return
    soonest: dict[str, Signature] = {}
    for one in signatures(journey):
        left_s = one.expires_s - now_s
        life_s = max(1.0, one.expires_s - one.begins_s)
        known = soonest.get(one.signer)
        if 0 < left_s < SOON_S and left_s < LIFE_SHARE * life_s:
            soonest[one.signer] = min(one, known or one, key=lambda each: each.expires_s)
    for one in soonest.values():
        left_s, life_s = one.expires_s - now_s, one.expires_s - one.begins_s
        yield Observation(
            f"The signature over {one.owner} {one.covered} ends in {_span(left_s)}, "
            f"and {shown(one.signer)} has not made a new one.",
            f"{_span(left_s)} are left of a life of {_span(life_s)}",
        )


def _span(seconds: float) -> str:
    if seconds < 7200:
        return f"{seconds / 60:.0f} minutes"
    return f"{seconds / 3600:.0f} hours" if seconds < 2 * 86400 else f"{seconds / 86400:.1f} days"


RULE = Rule(
    id="dns.signature_expiring",
    severity="warning",
    check=_check,
    title="A DNSSEC signature ends soon, and was not renewed",
    meaning=(
        "Signatures have an end, and a signer makes new ones long before it. Here less than a "
        "fifth of the life is left: probably the signer has stopped, or its output is not "
        "published. When the signature ends, every validating resolver refuses the zone at once."
    ),
    see=("dig NAME +dnssec   # RRSIG: expiration, then inception", "delv NAME"),
    fix="See that the signer runs and that what it makes reaches all of the zone's servers.",
    cures=(
        "Monitor the least time left over all signatures, on every server.",
        "If this server alone is late, look at its zone transfers.",
    ),
    references=("RFC 6781, 4.4.2", "RFC 4033, 8.1"),
    aliases=("RRSIG expiring", "signature expiration", "signatures about to expire"),
)
