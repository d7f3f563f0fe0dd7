"""A certificate that vouches for itself."""

from firstbyte.diagnosis.certificates import certificate_fault, openssl_command
from firstbyte.diagnosis.evidence import host
from firstbyte.diagnosis.rule import Rule

RULE = Rule(
    id="tls.cert.self_signed",
    severity="critical",
    check=certificate_fault(
        "tls.cert.self_signed",
        lambda hop, _: (
            f"The certificate of {host(hop)} is signed by itself: nobody vouches for it."
        ),
    ),
    title="Self-signed certificate",
    meaning=(
        "The server's certificate is its own issuer. Anybody can make one for any name, so a "
        "client that was not given this very certificate must refuse it. Typical of development "
        "servers, appliances, and of a web server's default site."
    ),
    see=(openssl_command("-subject -issuer"),),
    fix="Use a certificate of a public CA (ACME is free), or of your own CA that clients trust.",
    cures=(
        "For a test of your own: trust it alone, with --cacert server.pem.",
        "If a good certificate is installed: this is the default site; check the SNI name.",
    ),
    references=("RFC 5280, 6.1", "RFC 5280, 3.2"),
    aliases=(
        "DEPTH_ZERO_SELF_SIGNED_CERT",
        "self-signed certificate",
        "self signed certificate",
        "certificate verify failed: self-signed certificate",
        "ERR_CERT_AUTHORITY_INVALID self-signed",
        "MOZILLA_PKIX_ERROR_SELF_SIGNED_CERT",
        "SEC_ERROR_CA_CERT_INVALID",
        "verify error:num=18",
        "SELF_SIGNED_CERT_IN_CHAIN",
    ),
)
