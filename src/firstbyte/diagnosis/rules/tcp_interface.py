"""The interface that was asked for cannot be used."""

from firstbyte.diagnosis.evidence import attempts_text, endpoint, when_failed
from firstbyte.diagnosis.rule import Rule

RULE = Rule(
    id="tcp.interface",
    severity="critical",
    check=when_failed(
        "tcp.interface",
        lambda hop: f"The interface or source address for {endpoint(hop)} cannot be used.",
        attempts_text,
    ),
    title="The interface cannot be used",
    meaning=(
        "--interface names a device or a local address that this machine does not have, or that "
        "the process may not bind to."
    ),
    see=("ip address", "curl --interface NAME URL"),
    fix="Give a device or address that `ip address` lists.",
    references=("bind(2)", "socket(7), SO_BINDTODEVICE"),
    aliases=("curl: (45)", "bind failed", "Couldn't bind to interface", "CURLE_INTERFACE_FAILED"),
)
