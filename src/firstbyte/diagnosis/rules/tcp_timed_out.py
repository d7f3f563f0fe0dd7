"""Silence."""

from collections.abc import Iterator

from firstbyte.diagnosis.evidence import attempts_text, endpoint, failure, ms_text, spent_ms
from firstbyte.diagnosis.rule import Observation, Rule
from firstbyte.journey.model import Journey


def _check(journey: Journey) -> Iterator[Observation]:
    failed = failure(journey, "tcp.timed_out", "deadline.connect", "deadline.total")
    if failed is None or failed.error.phase != "tcp":
        return
    waited = spent_ms(journey, "tcp_retransmission_timeout")
    yield Observation(
        f"{endpoint(failed.hop)} did not answer the SYN, nor its repetitions.",
        f"silence for {ms_text(waited)}; {attempts_text(failed.hop)}; {failed.error.message}",
    )


RULE = Rule(
    id="tcp.timed_out",
    severity="critical",
    check=_check,
    title="Connection timed out (silence)",
    meaning=(
        "SYN after SYN went out (the kernel repeats after 1, 2, 4, … s) and nothing came back: no "
        "answer, no RST, no ICMP. A firewall drops the packets, the address is wrong or the "
        "machine is off, the way back is broken, or the server's accept queue is full. Silence is "
        "not a verdict: it does not tell which."
    ),
    see=("nc -vz -w 5 HOST PORT", "tcptraceroute HOST PORT", "tcpdump -n 'tcp port PORT'"),
    fix="Open the port in the firewall or security group; check the address and that it is up.",
    cures=(
        "On the server: tcpdump shows whether the SYN arrives; `ss -ltn` a full accept queue.",
        "If the SYN arrives and SYN-ACK leaves: the route back is broken or filtered.",
    ),
    references=("RFC 9293, 3.8.3", "RFC 6298, 5", "RFC 5461, 2"),
    aliases=(
        "ETIMEDOUT",
        "ERR_CONNECTION_TIMED_OUT",
        "Connection timed out",
        "curl: (28)",
        "WSAETIMEDOUT",
        "dial tcp: i/o timeout",
        "ConnectTimeout",
        "connect timed out",
        "java.net.SocketTimeoutException: connect timed out",
        "Errno 110",
        "UND_ERR_CONNECT_TIMEOUT",
        "Operation timed out",
        "ConnectTimeoutError",
    ),
)
