"""The proxy's name is unknown."""

from firstbyte.diagnosis.evidence import host, questions_text, when_failed
from firstbyte.diagnosis.rule import Rule

RULE = Rule(
    id="proxy.unresolved",
    severity="critical",
    check=when_failed(
        "proxy.unresolved",
        lambda hop: f"The name of the proxy for {host(hop)} could not be resolved.",
        questions_text,
    ),
    title="The proxy's name cannot be resolved",
    meaning=(
        "The request was to go through a proxy (-x, or https_proxy and its sisters in the "
        "environment), and the proxy's name does not resolve. Settings left over from another "
        "network are the usual reason."
    ),
    see=("env | grep -i _proxy", "dig PROXY"),
    fix="Correct or unset the proxy variables; --noproxy HOST or -x '' goes around them.",
    references=("RFC 9110, 3.7",),
    aliases=(
        "Could not resolve proxy",
        "curl: (5)",
        "ERR_PROXY_CONNECTION_FAILED dns",
        "http_proxy",
        "https_proxy",
        "all_proxy",
    ),
)
