"""connect() failed for another reason."""

from firstbyte.diagnosis.evidence import attempts_text, endpoint, when_failed
from firstbyte.diagnosis.rule import Rule

RULE = Rule(
    id="tcp.failed",
    severity="critical",
    check=when_failed(
        "tcp.failed", lambda hop: f"No connection to {endpoint(hop)} could be made.", attempts_text
    ),
    title="The connection failed",
    meaning=(
        "The kernel refused the connection for a reason of its own: a forbidden address (EACCES, "
        "EPERM by a local firewall or security module), no ephemeral port left (EADDRNOTAVAIL), an "
        "address that cannot be connected to (EINVAL), too many open files (EMFILE)."
    ),
    see=(
        "nc -v HOST PORT",
        "strace -e connect nc HOST PORT",
        "sysctl net.ipv4.ip_local_port_range",
    ),
    fix="See the errno in the evidence and connect(2) for what it means.",
    cures=(
        "EADDRNOTAVAIL under load: too many connections in TIME-WAIT; keep connections open.",
        "EPERM or EACCES: a local firewall rule (nft, iptables) or policy forbids it.",
    ),
    references=("connect(2)", "RFC 9293, 3.9.1.1"),
    aliases=(
        "EADDRNOTAVAIL",
        "Cannot assign requested address",
        "EACCES",
        "EPERM",
        "Operation not permitted",
        "EMFILE",
        "ERR_ADDRESS_INVALID",
        "ERR_NETWORK_ACCESS_DENIED",
        "Errno 99",
    ),
)
