"""A certificate's time has not come."""

from firstbyte.diagnosis.certificates import certificate_fault, openssl_command, whose
from firstbyte.diagnosis.rule import Rule
from firstbyte.events.tls import Certificate
from firstbyte.journey.model import Hop


def _say(hop: Hop, certificate: Certificate | None) -> str:
    begins = f" until {certificate.not_before}" if certificate is not None else " yet"
    text = whose(hop, certificate)
    return f"{text[0].upper()}{text[1:]} is not valid{begins}."


RULE = Rule(
    id="tls.cert.not_yet_valid",
    severity="critical",
    check=certificate_fault("tls.cert.not_yet_valid", _say),
    title="The certificate is not valid yet",
    meaning=(
        "The certificate's notBefore date lies in the future: it was installed too early, or this "
        "machine's clock is behind. Most often it is the clock."
    ),
    see=(
        openssl_command("-dates"),
        "date -u",
    ),
    fix="Set this machine's clock; otherwise keep the old certificate until the new one's date.",
    references=("RFC 5280, 4.1.2.5", "RFC 5280, 6.1.3"),
    aliases=(
        "CERT_NOT_YET_VALID",
        "certificate is not yet valid",
        "CertificateNotYetValidException",
        "X509_V_ERR_CERT_NOT_YET_VALID",
        "verify error:num=9",
        "MOZILLA_PKIX_ERROR_NOT_YET_VALID_CERTIFICATE",
    ),
)
