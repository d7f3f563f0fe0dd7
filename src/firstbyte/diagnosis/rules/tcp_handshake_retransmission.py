"""A SYN or its answer was lost."""

from collections.abc import Iterator

from firstbyte.diagnosis.evidence import attempts, endpoint, ms_text
from firstbyte.diagnosis.rule import Observation, Rule
from firstbyte.journey.model import Journey


def _check(journey: Journey) -> Iterator[Observation]:
    for row in journey.ledger:
        if row.cause != "tcp_retransmission_timeout":
            continue
        for hop in journey.hops:
            phase = hop.phases.tcp
            connected = any(a.outcome == "connected" for a in attempts(hop))
            if phase is None or not connected:
                continue
            if phase.start_ms <= row.start_ms <= phase.start_ms + phase.duration_ms:
                yield Observation(
                    f"The handshake with {endpoint(hop)} lost a packet: "
                    f"{ms_text(row.duration_ms)} were spent waiting to send SYN again.",
                    row.evidence,
                )


RULE = Rule(
    id="tcp.handshake_retransmission",
    severity="warning",
    check=_check,
    title="The handshake had to be repeated",
    meaning=(
        "The first SYN or its SYN-ACK was lost, and the kernel waits a whole second before it "
        "sends SYN again (then 2, 4, … s). Connect times of just over 1, 3 or 7 s are its mark. "
        "Random loss does this now and then; a full accept queue or a rate limit does it often."
    ),
    see=(
        "curl -w '%{time_connect}\\n' -so /dev/null URL",
        "nstat -az | grep -i -e Listen -e Syn",
        "ss -ltn   # Recv-Q against Send-Q on the server",
    ),
    fix="If it repeats: look at the server's accept queue, SYN limits and the path's loss.",
    cures=("Raise the backlog (somaxconn and listen()), and accept faster.",),
    references=("RFC 6298, 2.1", "RFC 6298, 5.7", "RFC 9293, 3.8.1"),
    aliases=(
        "syn retransmission",
        "connect takes 1 second",
        "connect takes 3 seconds",
        "TCPTimeouts",
        "ListenOverflows",
    ),
)
