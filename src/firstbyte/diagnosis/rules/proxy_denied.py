"""The proxy refuses the tunnel."""

from firstbyte.diagnosis.evidence import host, when_failed
from firstbyte.diagnosis.rule import Rule

RULE = Rule(
    id="proxy.denied",
    severity="critical",
    check=when_failed(
        "proxy.denied",
        lambda hop: f"The proxy {hop.proxy or ''} refused the tunnel to {host(hop)}.",
        lambda _: "",
    ),
    title="The proxy refused the tunnel",
    meaning=(
        "The proxy answered CONNECT with something else than 2xx: 407 wants credentials, 403 is "
        "a rule against this host or port, 502 to 504 mean that it could not reach the host."
    ),
    see=("curl -v -x PROXY URL",),
    fix="407: give credentials (-x http://user:password@proxy). 403: ask for this host and port.",
    references=("RFC 9110, 9.3.6", "RFC 9110, 15.5.8"),
    aliases=(
        "CONNECT tunnel failed",
        "Received HTTP code 407 from proxy after CONNECT",
        "407",
        "Proxy Authentication Required",
        "ERR_TUNNEL_CONNECTION_FAILED",
        "Tunnel connection failed",
        "tunneling socket could not be established",
    ),
)
