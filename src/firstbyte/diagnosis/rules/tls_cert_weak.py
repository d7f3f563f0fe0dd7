"""A key or signature that is too weak."""

from firstbyte.diagnosis.certificates import certificate_fault, openssl_command, whose
from firstbyte.diagnosis.rule import Rule
from firstbyte.events.tls import Certificate
from firstbyte.journey.model import Hop


def _say(hop: Hop, certificate: Certificate | None) -> str:
    text = whose(hop, certificate)
    with_what = (
        f" ({certificate.key}, {certificate.signature_algorithm})"
        if certificate is not None
        else ""
    )
    return f"{text[0].upper()}{text[1:]} uses cryptography that is too weak{with_what}."


RULE = Rule(
    id="tls.cert.weak",
    severity="critical",
    check=certificate_fault("tls.cert.weak", _say),
    title="The certificate's cryptography is too weak",
    meaning=(
        "The key is too short (RSA below 2,048 bits) or a signature in the chain uses a broken "
        "digest (MD5, SHA-1). Such a certificate can be forged."
    ),
    see=(openssl_command("-text | grep -e 'Public-Key' -e 'Signature Algorithm'"),),
    fix="Get a certificate with an EC P-256 or RSA 2048 key, signed with SHA-256.",
    references=("RFC 9325, 4.5", "RFC 8446, 4.4.2.2"),
    aliases=(
        "EE_KEY_TOO_SMALL",
        "CA_MD_TOO_WEAK",
        "CA_KEY_TOO_SMALL",
        "ee key too small",
        "ca md too weak",
        "dh key too small",
        "ERR_CERT_WEAK_SIGNATURE_ALGORITHM",
        "SEC_ERROR_CERT_SIGNATURE_ALGORITHM_DISABLED",
        "ERR_CERT_WEAK_KEY",
    ),
)
