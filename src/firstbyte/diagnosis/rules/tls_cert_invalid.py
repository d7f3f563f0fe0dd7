"""The chain does not verify for another reason."""

from firstbyte.diagnosis.certificates import certificate_fault
from firstbyte.diagnosis.evidence import host
from firstbyte.diagnosis.rule import Rule

RULE = Rule(
    id="tls.cert.invalid",
    severity="critical",
    check=certificate_fault(
        "tls.cert.invalid", lambda hop, _: f"The certificate chain of {host(hop)} is not valid."
    ),
    title="The certificate chain is not valid",
    meaning=(
        "Verification found a fault that has no finding of its own: a signature that does not "
        "match, a name constraint that is violated, an unknown critical extension, a broken "
        "encoding. The evidence names OpenSSL's code."
    ),
    see=("openssl s_client -connect HOST:443 -servername HOST -showcerts </dev/null",),
    fix="See the code in the evidence; re-issue the certificate that it names.",
    references=("RFC 5280, 6.1",),
    aliases=(
        "certificate signature failure",
        "CERT_SIGNATURE_FAILURE",
        "ERR_CERT_INVALID",
        "permitted subtree violation",
        "SEC_ERROR_BAD_SIGNATURE",
        "SSL certificate problem",
        "unhandled critical extension",
    ),
)
