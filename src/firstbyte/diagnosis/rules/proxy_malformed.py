"""The proxy is not understood."""

from firstbyte.diagnosis.evidence import endpoint, when_failed
from firstbyte.diagnosis.rule import Rule

RULE = Rule(
    id="proxy.malformed",
    severity="critical",
    check=when_failed(
        "proxy.malformed",
        lambda hop: f"What the proxy at {endpoint(hop)} answered to CONNECT is no HTTP.",
        lambda _: "",
    ),
    title="The proxy's answer is malformed",
    meaning=(
        "CONNECT was sent and something came back that is no HTTP response, or nothing at all: "
        "the port is no HTTP proxy (a SOCKS proxy, an ordinary server, TLS only)."
    ),
    see=("curl -v -x http://PROXY:PORT URL",),
    fix="Check the proxy's kind and port: an HTTP proxy that allows CONNECT is needed.",
    references=("RFC 9110, 9.3.6", "RFC 9112, 3.2.3"),
    aliases=("Proxy CONNECT aborted", "Invalid response from proxy", "ERR_PROXY_INVALID_RESPONSE"),
)
