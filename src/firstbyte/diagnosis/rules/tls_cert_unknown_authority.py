"""The chain ends at a root that is not trusted."""

from firstbyte.diagnosis.certificates import certificate_fault, chain
from firstbyte.diagnosis.evidence import host
from firstbyte.diagnosis.rule import Rule
from firstbyte.events.tls import Certificate
from firstbyte.journey.model import Hop


def _say(hop: Hop, _: Certificate | None) -> str:
    top = chain(hop)[-1:]
    issuer = f" ({top[0].issuer})" if top else ""
    return f"The certificate of {host(hop)} comes from an authority that is not trusted{issuer}."


RULE = Rule(
    id="tls.cert.unknown_authority",
    severity="critical",
    check=certificate_fault("tls.cert.unknown_authority", _say),
    title="Unknown certificate authority",
    meaning=(
        "The chain is complete, but its root is not in this machine's trust store: a private CA "
        "of a company, a proxy that inspects TLS, a development CA, or a root that was removed."
    ),
    see=(
        "openssl s_client -connect HOST:443 -servername HOST -showcerts </dev/null",
        "echo $SSL_CERT_FILE $SSL_CERT_DIR $CURL_CA_BUNDLE",
    ),
    fix="Give the CA with --cacert or SSL_CERT_FILE, or install it in the system's trust store.",
    cures=(
        "If the issuer is your company's proxy: TLS is being inspected; trust its CA or go around.",
        "In a slim container: install the package ca-certificates.",
    ),
    references=("RFC 5280, 6.1", "RFC 8446, 4.4.2.4"),
    aliases=(
        "ERR_CERT_AUTHORITY_INVALID",
        "NET::ERR_CERT_AUTHORITY_INVALID",
        "SEC_ERROR_UNKNOWN_ISSUER",
        "self-signed certificate in certificate chain",
        "SELF_SIGNED_CERT_IN_CHAIN",
        "x509: certificate signed by unknown authority",
        "unknown_ca",
        "verify error:num=19",
        "unable to get issuer certificate",
        "unable to find valid certification path to requested target",
        "PKIX path building failed",
        "X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN",
        "certificate verify failed",
        "certificate verify failed: self-signed certificate in certificate chain",
    ),
)
