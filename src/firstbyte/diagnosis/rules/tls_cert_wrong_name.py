"""The certificate is for other names."""

from firstbyte.diagnosis.certificates import certificate_fault, leaf, openssl_command
from firstbyte.diagnosis.evidence import host
from firstbyte.diagnosis.rule import Rule
from firstbyte.events.tls import Certificate
from firstbyte.journey.model import Hop

_SHOWN = 5


def _say(hop: Hop, _: Certificate | None) -> str:
    own = leaf(hop)
    names = list(own.san) if own is not None else []
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    listed = f"{', '.join(names[:_SHOWN])}{more}" if names else "no name at all"
    return f"The certificate is not for {host(hop)}, but for {listed}."


RULE = Rule(
    id="tls.cert.wrong_name",
    severity="critical",
    check=certificate_fault("tls.cert.wrong_name", _say),
    title="The certificate is for another name",
    meaning=(
        "None of the names in the certificate's subjectAltName is the one that was asked for. The "
        "common name is not looked at any more. A wildcard stands for exactly one label: "
        "*.example.com covers neither example.com nor a.b.example.com."
    ),
    see=(openssl_command("-ext subjectAltName"),),
    fix="Get a certificate that lists this name in subjectAltName, or use a name that it lists.",
    cures=(
        "If the server has the right one too: its choice by SNI is wrong (server_name, vhost).",
        "If the address is wrong, the DNS leads to another server's certificate.",
    ),
    references=("RFC 9525, 6.3", "RFC 9110, 4.3.4", "RFC 6066, 3"),
    aliases=(
        "ERR_CERT_COMMON_NAME_INVALID",
        "NET::ERR_CERT_COMMON_NAME_INVALID",
        "SSL_ERROR_BAD_CERT_DOMAIN",
        "HOSTNAME_MISMATCH",
        "hostname mismatch",
        "verify error:num=62",
        "ERR_TLS_CERT_ALTNAME_INVALID",
        "Hostname/IP does not match certificate's altnames",
        "no alternative certificate subject name matches target host name",
        "x509: certificate is valid for",
        "No subject alternative DNS name matching",
        "IP_ADDRESS_MISMATCH",
        "certificate is not valid for",
    ),
)
