"""A cipher suite without forward secrecy or authenticated encryption."""

from collections.abc import Iterator

from firstbyte.diagnosis.evidence import endpoint
from firstbyte.diagnosis.rule import Observation, Rule
from firstbyte.journey.model import Journey

_AEAD = ("GCM", "CCM", "POLY1305")
_EPHEMERAL = ("ECDHE", "DHE")


def _check(journey: Journey) -> Iterator[Observation]:
    for hop in journey.hops:
        tls = hop.tls
        if tls is None or tls.cipher is None or tls.version == "TLSv1.3" or hop.reused:
            continue
        flaws = _flaws(tls.cipher)
        if flaws:
            yield Observation(
                f"{endpoint(hop)} chose a weak cipher suite: {' and '.join(flaws)}.",
                f"{tls.version}, {tls.cipher}",
            )


def _flaws(cipher: str) -> list[str]:
    flaws = []
    if not any(word in cipher for word in _EPHEMERAL):
        flaws.append("no forward secrecy")
    if not any(word in cipher for word in _AEAD):
        flaws.append("no authenticated encryption")
    return flaws


RULE = Rule(
    id="tls.weak_cipher",
    severity="warning",
    check=_check,
    title="A weak cipher suite",
    meaning=(
        "Without an ephemeral key exchange (ECDHE), whoever gets the server's key later can read "
        "all recorded traffic. Suites in CBC mode or with RC4 lack authenticated encryption and "
        "have been attacked again and again (Lucky 13, BEAST, RC4's biases)."
    ),
    see=("nmap --script ssl-enum-ciphers -p 443 HOST",),
    fix="Allow ECDHE suites with AES-GCM or ChaCha20-Poly1305 only, in the server's order.",
    references=("RFC 9325, 4.1", "RFC 9325, 4.2"),
    aliases=("no forward secrecy", "CBC", "RC4", "RSA key exchange", "weak cipher"),
)
