"""The peer broke the connection off."""

from collections.abc import Iterator

from firstbyte.diagnosis.evidence import endpoint, failure, response_text
from firstbyte.diagnosis.rule import Observation, Rule
from firstbyte.journey.model import Hop, Journey


def _check(journey: Journey) -> Iterator[Observation]:
    error = journey.outcome.error
    if error is None or not journey.hops:
        return
    hop = journey.hops[-1]
    if failure(journey, "tcp.reset") is not None:
        text = f"{endpoint(hop)} reset the connection."
        yield Observation(text, f"{response_text(hop)}; {error.message}")
    elif _reset_by_peer(hop):
        text = f"{endpoint(hop)} reset the connection: {error.id} is its consequence."
        yield Observation(text, f"RST received; {response_text(hop)}", "error")


def _reset_by_peer(hop: Hop) -> bool:
    return hop.tcp is not None and hop.tcp.closed == "rst by server"


RULE = Rule(
    id="tcp.reset",
    severity="critical",
    check=_check,
    title="Connection reset by peer",
    meaning=(
        "An RST arrived: the connection was torn down at once and what was under way is lost. The "
        "server's program crashed, closed with unread data or with linger 0, a load balancer "
        "forgot an idle connection, or a middlebox forged the RST."
    ),
    see=("curl -v URL", "tcpdump -n 'tcp[tcpflags] & tcp-rst != 0'"),
    fix="Look in the server's and the load balancer's logs at this time for why it closed.",
    cures=(
        "If it happens on idle connections: keep the client's idle time below the balancer's.",
        "A TTL of the RST that differs from that of other segments points to a middlebox.",
    ),
    references=("RFC 9293, 3.5.2", "RFC 9293, 3.10.7.4"),
    aliases=(
        "ECONNRESET",
        "ERR_CONNECTION_RESET",
        "Connection reset by peer",
        "curl: (56)",
        "Recv failure: Connection reset by peer",
        "WSAECONNRESET",
        "socket hang up",
        "java.net.SocketException: Connection reset",
        "read: connection reset by peer",
        "Errno 104",
        "PR_CONNECT_RESET_ERROR",
        "ConnectionResetError",
        "EPIPE",
        "Broken pipe",
    ),
)
