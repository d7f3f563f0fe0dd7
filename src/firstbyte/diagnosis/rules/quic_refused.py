"""Nobody listens over UDP."""

from firstbyte.diagnosis.evidence import attempts_text, endpoint, when_failed
from firstbyte.diagnosis.rule import Rule

RULE = Rule(
    id="quic.refused",
    severity="critical",
    check=when_failed(
        "quic.refused",
        lambda hop: f"{endpoint(hop)} has nothing that listens over UDP.",
        lambda hop: attempts_text(hop, "quic"),
    ),
    title="QUIC refused: the UDP port is closed",
    meaning=(
        "The first datagram was answered with ICMP `port unreachable`: the machine is there, and "
        "nothing listens for UDP on this port. The server has no HTTP/3, or it is switched off."
    ),
    see=("curl -v --http3-only URL", "ss -lunp 'sport = :443'   # on the server"),
    fix="Enable HTTP/3 on the server (nginx: listen 443 quic), or use TCP (--http2).",
    references=("RFC 9000, 14.2.1", "RFC 1122, 3.2.2.1"),
    aliases=(
        "port unreachable",
        "udp connection refused",
        "ICMP port unreachable",
        "QUIC connection refused",
    ),
)
