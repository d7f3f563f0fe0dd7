"""DNSSEC with algorithms that are no longer to be used, or keys that are too short."""

import base64
import binascii
from collections.abc import Iterator

from firstbyte.diagnosis.rule import Observation, Rule
from firstbyte.diagnosis.zones import canonical, records_of, shown
from firstbyte.journey.model import Journey

_ALGORITHMS = {
    1: "RSA/MD5",
    3: "DSA/SHA-1",
    5: "RSA/SHA-1",
    6: "DSA-NSEC3-SHA1",
    7: "RSA/SHA-1 (NSEC3)",
    12: "GOST R 34.10-2001",
}
_DIGESTS = {1: "SHA-1", 3: "GOST R 34.11-94"}
_RSA = {8, 10}
MIN_RSA_BITS = 2048


def _check(journey: Journey) -> Iterator[Observation]:
    yield from _of_keys(journey)
    yield from _of_digests(journey)


def _of_keys(journey: Journey) -> Iterator[Observation]:
    for _, record in records_of(journey, "DNSKEY"):
        words = record.data.split()
        if len(words) < 4 or not words[2].isdecimal():
            continue
        zone, number = shown(record.name), int(words[2])
        if number in _ALGORITHMS:
            name = _ALGORITHMS[number]
            yield Observation(
                f"{zone} has a key of algorithm {name}, which is not to be used any more.",
                f"{record.name} DNSKEY {' '.join(words[:3])} …",
            )
        elif number in _RSA and 0 < (bits := _rsa_bits("".join(words[3:]))) < MIN_RSA_BITS:
            yield Observation(
                f"{zone} has an RSA key of {bits} bits.",
                f"{record.name} DNSKEY {' '.join(words[:3])} …: {bits} bits",
                severity="info",
            )


def _of_digests(journey: Journey) -> Iterator[Observation]:
    digests: dict[str, set[int]] = {}
    for _, record in records_of(journey, "DS"):
        words = record.data.split()
        if len(words) >= 4 and words[2].isdecimal():
            digests.setdefault(canonical(record.name), set()).add(int(words[2]))
    for zone, present in digests.items():
        weak = present & _DIGESTS.keys()
        if weak == present:
            names = ", ".join(_DIGESTS[number] for number in sorted(weak))
            yield Observation(
                f"{shown(zone)} has no DS record but with the digest {names}, "
                "which is not to be used any more.",
                f"digest types at the parent: {', '.join(map(str, sorted(present)))}",
            )


def _rsa_bits(text: str) -> int:
    """The size of an RSA modulus (RFC 3110, 2); 0 where it cannot be read."""
    try:
        public = base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        return 0
    if len(public) < 3:
        return 0
    skip = 1 + public[0] if public[0] else 3 + int.from_bytes(public[1:3], "big")
    return int.from_bytes(public[skip:], "big").bit_length()


RULE = Rule(
    id="dns.weak_algorithm",
    severity="warning",
    check=_check,
    title="DNSSEC with an algorithm that is not to be used any more",
    meaning=(
        "Signatures with SHA-1, MD5, DSA or GOST, and DS records with SHA-1 alone, are no longer "
        "to be made (RFC 9905, RFC 9906), and validators stop to count them: then the zone is "
        "treated as unsigned, or does not resolve. RSA keys below 2,048 bits are worth replacing."
    ),
    see=("dig ZONE DNSKEY +multiline", "dig ZONE DS", "firstbyte dns --iterative ZONE"),
    fix="Roll the zone over to ECDSA P-256 (algorithm 13), with a SHA-256 DS record.",
    cures=(
        "Keep the order of a rollover (RFC 6781, 4.1.4): sign with both, then change DS.",
        "A DS record with SHA-256 beside the SHA-1 one mends the digest at once.",
    ),
    references=("RFC 9904, 2", "RFC 9905, 2", "RFC 9906, 2", "RFC 6781, 3.4.2"),
    aliases=("RSASHA1", "NSEC3RSASHA1", "deprecated DNSSEC algorithm", "SHA-1 DS", "weak DNSSEC"),
)
