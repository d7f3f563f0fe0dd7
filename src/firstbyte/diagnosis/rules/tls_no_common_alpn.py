"""No application protocol in common."""

from firstbyte.diagnosis.evidence import endpoint, handshake_text, when_failed
from firstbyte.diagnosis.rule import Rule
from firstbyte.journey.model import Hop


def _show(hop: Hop) -> str:
    offered = ", ".join(hop.tls.alpn_offered) if hop.tls is not None else ""
    return f"offered {offered or 'nothing'}; {handshake_text(hop)}"


RULE = Rule(
    id="tls.no_common_alpn",
    severity="critical",
    check=when_failed(
        "tls.no_common_alpn",
        lambda hop: f"{endpoint(hop)} speaks none of the offered application protocols (ALPN).",
        _show,
    ),
    title="No application protocol in common (ALPN)",
    meaning=(
        "The server answered with the alert no_application_protocol, or did not choose the one "
        "that was demanded: it serves something else on this port (a mail server, gRPC over h2 "
        "only), or HTTP/2 was insisted on where there is only HTTP/1.1."
    ),
    see=("openssl s_client -connect HOST:443 -alpn h2,http/1.1 </dev/null | grep -i alpn",),
    fix="Enable h2 or http/1.1 in the server's ALPN list, or ask for a version that it has.",
    references=("RFC 7301, 3.2", "RFC 9113, 3.2"),
    aliases=(
        "no_application_protocol",
        "tlsv1 alert no application protocol",
        "ALPN mismatch",
        "tls: no application protocol",
        "ERR_ALPN_NEGOTIATION_FAILED",
        "tls.alert.no_application_protocol",
    ),
)
