"""The certificate is not meant for servers."""

from firstbyte.diagnosis.certificates import certificate_fault, openssl_command, whose
from firstbyte.diagnosis.rule import Rule
from firstbyte.events.tls import Certificate
from firstbyte.journey.model import Hop


def _say(hop: Hop, certificate: Certificate | None) -> str:
    text = whose(hop, certificate)
    return f"{text[0].upper()}{text[1:]} may not be used for this purpose."


RULE = Rule(
    id="tls.cert.wrong_use",
    severity="critical",
    check=certificate_fault("tls.cert.wrong_use", _say),
    title="The certificate is for another use",
    meaning=(
        "The certificate's extensions forbid what it is used for: a client certificate (no "
        "serverAuth in extendedKeyUsage) on a server, or a certificate that is no CA (basic "
        "constraints, key usage, path length) that signed another."
    ),
    see=(openssl_command("-ext extendedKeyUsage,keyUsage,basicConstraints"),),
    fix="Issue a server certificate with extendedKeyUsage serverAuth, signed by a real CA.",
    references=("RFC 5280, 4.2.1.12", "RFC 5280, 4.2.1.9", "RFC 5280, 4.2.1.3"),
    aliases=(
        "INVALID_PURPOSE",
        "unsuitable certificate purpose",
        "unsupported certificate purpose",
        "INVALID_CA",
        "SEC_ERROR_INADEQUATE_CERT_TYPE",
        "invalid CA certificate",
        "path length constraint exceeded",
        "x509: certificate specifies an incompatible key usage",
        "verify error:num=26",
        "verify error:num=24",
        "ERR_SSL_KEY_USAGE_INCOMPATIBLE",
    ),
)
