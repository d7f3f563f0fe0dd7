"""The authority has taken the certificate back."""

from collections.abc import Iterator

from firstbyte.diagnosis.certificates import certificate_fault, faults
from firstbyte.diagnosis.evidence import host
from firstbyte.diagnosis.rule import Observation, Rule
from firstbyte.journey.model import Hop, Journey

_ID = "tls.cert.revoked"


def _sentence(hop: Hop) -> str:
    return f"The certificate of {host(hop)} has been revoked by its issuer."


_by_verification = certificate_fault(_ID, lambda hop, _: _sentence(hop))


def _check(journey: Journey) -> Iterator[Observation]:
    yield from _by_verification(journey)
    for hop in journey.hops:
        staple = hop.tls.staple if hop.tls is not None else None
        if staple is not None and staple.status == "revoked" and not faults(hop, _ID):
            evidence = f"the OCSP response of {staple.this_update} says revoked"
            yield Observation(_sentence(hop), f"{evidence} since {staple.revoked_at}", "error")


RULE = Rule(
    id=_ID,
    severity="critical",
    check=_check,
    title="The certificate is revoked",
    meaning=(
        "The issuer declared the certificate invalid before its end: the key leaked, the name "
        "changed hands, or it was replaced. The stapled OCSP response (or a CRL) says so."
    ),
    see=("openssl s_client -connect HOST:443 -servername HOST -status </dev/null",),
    fix="Get a new certificate with a new key and install it.",
    references=("RFC 5280, 6.3", "RFC 6960, 2.2", "RFC 6066, 8"),
    aliases=(
        "CERT_REVOKED",
        "certificate revoked",
        "ERR_CERT_REVOKED",
        "NET::ERR_CERT_REVOKED",
        "SEC_ERROR_REVOKED_CERTIFICATE",
        "certificate_revoked",
        "verify error:num=23",
    ),
)
