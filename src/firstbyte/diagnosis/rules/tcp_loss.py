"""Segments were lost while content flowed."""

from collections.abc import Iterator

from firstbyte.diagnosis.evidence import endpoint, ms_text, spent_ms
from firstbyte.diagnosis.rule import Observation, Rule
from firstbyte.journey.model import Hop, Journey


def _check(journey: Journey) -> Iterator[Observation]:
    for hop in journey.hops:
        waited = spent_ms(journey, "transfer_loss", hop)
        again = _retransmitted(hop)
        if waited > 0 or again > 0:
            yield Observation(
                f"Packets were lost on the path to {endpoint(hop)}.",
                f"{ms_text(waited)} of the transfer waited for repairs; "
                f"{again} segments of ours were sent again",
            )


def _retransmitted(hop: Hop) -> int:
    if hop.tcp is None or hop.reused:
        return 0
    info = hop.tcp.info
    # A SYN that was sent again is told by the handshake's own finding.
    before = (info["connected"].total_retrans or 0) if "connected" in info else 0
    return max((one.total_retrans or 0 for one in info.values()), default=before) - before


RULE = Rule(
    id="tcp.loss",
    severity="warning",
    check=_check,
    title="Packet loss on the path",
    meaning=(
        "Segments were lost and sent again. Each loss halves the sender's window (or cuts it by "
        "30 %, with CUBIC) and holds back everything behind it in the stream, so that even 1 % "
        "on a long path costs most of the throughput."
    ),
    see=("ss -ti dst ADDRESS", "mtr -T -P PORT HOST", "nstat -az TcpRetransSegs"),
    fix="Find where it is lost (mtr): Wi-Fi, an overfull link, a policer, a wrong duplex.",
    cures=(
        "Shape below the bottleneck's rate, or use a queue like fq_codel there.",
        "Loss of large packets only: look for an MTU problem on the path.",
    ),
    references=("RFC 5681, 3.2", "RFC 6675, 5", "RFC 9438, 4.6"),
    aliases=("retransmission", "packet loss", "TcpRetransSegs", "dup ack"),
)
