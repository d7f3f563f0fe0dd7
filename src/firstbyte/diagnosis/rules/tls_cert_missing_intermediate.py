"""The server does not send its whole chain."""

from firstbyte.diagnosis.certificates import certificate_fault, leaf
from firstbyte.diagnosis.evidence import host
from firstbyte.diagnosis.rule import Rule
from firstbyte.events.tls import Certificate
from firstbyte.journey.model import Hop


def _say(hop: Hop, _: Certificate | None) -> str:
    own = leaf(hop)
    issuer = f" of {own.issuer}" if own is not None else ""
    return f"{host(hop)} does not send the intermediate certificate{issuer}."


RULE = Rule(
    id="tls.cert.missing_intermediate",
    severity="critical",
    check=certificate_fault("tls.cert.missing_intermediate", _say),
    title="An intermediate certificate is missing",
    meaning=(
        "The server sent its own certificate, but not that of the intermediate authority that "
        "signed it, so no path to a trusted root can be built. Browsers often hide this: they "
        "remember intermediates or fetch them; curl, libraries and phones fail."
    ),
    see=("openssl s_client -connect HOST:443 -showcerts </dev/null | grep -e s: -e i:",),
    fix="Serve the whole chain: the leaf, then its intermediates (fullchain.pem), no root.",
    cures=("nginx: ssl_certificate fullchain.pem; Apache 2.4.8+: SSLCertificateFile with all.",),
    references=("RFC 8446, 4.4.2", "RFC 5246, 7.4.2"),
    aliases=(
        "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
        "unable to get local issuer certificate",
        "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
        "verify error:num=20",
        "verify error:num=21",
        "unable to verify the first certificate",
        "incomplete chain",
        "SSL certificate problem: unable to get local issuer certificate",
    ),
)
