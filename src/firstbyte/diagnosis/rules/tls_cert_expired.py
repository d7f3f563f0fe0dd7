"""A certificate is past its time."""

from firstbyte.diagnosis.certificates import certificate_fault, openssl_command, whose
from firstbyte.diagnosis.rule import Rule
from firstbyte.events.tls import Certificate
from firstbyte.journey.model import Hop


def _say(hop: Hop, certificate: Certificate | None) -> str:
    ended = f" on {certificate.not_after}" if certificate is not None else ""
    text = whose(hop, certificate)
    return f"{text[0].upper()}{text[1:]} expired{ended}."


RULE = Rule(
    id="tls.cert.expired",
    severity="critical",
    check=certificate_fault("tls.cert.expired", _say),
    title="The certificate has expired",
    meaning=(
        "The certificate's notAfter date has passed (or this machine's clock is wrong). Clients "
        "refuse it. At depth 0 it is the server's own; at a greater depth an intermediate or root "
        "has expired, which no renewal of the server's certificate mends."
    ),
    see=(
        openssl_command("-dates"),
        "date -u",
    ),
    fix="Renew the certificate and reload the server; automate it (ACME).",
    cures=(
        "If it was renewed already: the server still serves the old file; reload it.",
        "At depth 1 or more: install the current intermediate certificates (fullchain).",
        "If many sites fail: set this machine's clock.",
    ),
    references=("RFC 5280, 4.1.2.5", "RFC 5280, 6.1.3"),
    aliases=(
        "CERT_HAS_EXPIRED",
        "certificate has expired",
        "ERR_CERT_DATE_INVALID",
        "NET::ERR_CERT_DATE_INVALID",
        "SEC_ERROR_EXPIRED_CERTIFICATE",
        "curl: (60)",
        "x509: certificate has expired or is not yet valid",
        "certificate_expired",
        "CertificateExpiredException",
        "SSL certificate problem: certificate has expired",
        "certificate verify failed: certificate has expired",
        "X509_V_ERR_CERT_HAS_EXPIRED",
        "verify error:num=10",
    ),
)
