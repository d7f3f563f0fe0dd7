"""Nobody listens."""

from firstbyte.diagnosis.evidence import attempts_text, endpoint, when_failed
from firstbyte.diagnosis.rule import Rule

RULE = Rule(
    id="tcp.refused",
    severity="critical",
    check=when_failed(
        "tcp.refused", lambda hop: f"{endpoint(hop)} refused the connection.", attempts_text
    ),
    title="Connection refused",
    meaning=(
        "The SYN was answered with RST at once: the machine is up and reachable, but nothing "
        "listens on this port at this address; or a firewall rejects with RST. It is the opposite "
        "of silence: somebody said no."
    ),
    see=("nc -vz HOST PORT", "ss -ltnp 'sport = :PORT'   # on the server", "curl -v URL"),
    fix="Start the server, or correct the port; check that it listens on this address.",
    cures=(
        "A server bound to 127.0.0.1 is not reachable from outside: bind 0.0.0.0 or ::.",
        "In a container: publish the port, and bind all addresses inside.",
        "If `localhost` gives ::1 first, listen on IPv6 too.",
    ),
    references=("RFC 9293, 3.10.7.1", "RFC 9293, 3.5.2"),
    aliases=(
        "ECONNREFUSED",
        "ERR_CONNECTION_REFUSED",
        "Connection refused",
        "curl: (7)",
        "Failed to connect to",
        "WSAECONNREFUSED",
        "connect: connection refused",
        "java.net.ConnectException: Connection refused",
        "Errno 111",
        "NS_ERROR_CONNECTION_REFUSED",
        "Couldn't connect to server",
        "actively refused it",
        "os error 111",
    ),
)
