"""The proxy cannot be reached."""

from firstbyte.diagnosis.evidence import attempts_text, endpoint, when_failed
from firstbyte.diagnosis.rule import Rule

RULE = Rule(
    id="proxy.connect",
    severity="critical",
    check=when_failed(
        "proxy.connect",
        lambda hop: f"No connection to the proxy at {endpoint(hop)} could be made.",
        attempts_text,
    ),
    title="The proxy cannot be reached",
    meaning=(
        "The request was to go through a proxy, and no connection to the proxy itself could be "
        "made. The server behind it was not tried."
    ),
    see=("env | grep -i _proxy", "nc -vz PROXY PORT"),
    fix="Start the proxy or correct its address; --noproxy HOST or -x '' goes around it.",
    references=("RFC 9110, 3.7",),
    aliases=(
        "ERR_PROXY_CONNECTION_FAILED",
        "ProxyError",
        "Cannot connect to proxy",
        "Unable to connect to proxy",
        "proxyconnect tcp",
    ),
)
