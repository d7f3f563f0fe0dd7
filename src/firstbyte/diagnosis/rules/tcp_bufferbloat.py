"""The transfer fills a queue on the path, and everybody's round trips grow with it."""

from collections.abc import Iterator

from firstbyte.diagnosis.evidence import endpoint, ms_text
from firstbyte.diagnosis.rule import Observation, Rule
from firstbyte.journey.model import Hop, Journey

GROWTH_MS = 100


def _check(journey: Journey) -> Iterator[Observation]:
    for hop in journey.hops:
        if hop.tcp is None or hop.tcp.rtt_ms is None or hop.tcp.loaded_rtt_ms is None:
            continue
        idle, loaded = hop.tcp.rtt_ms, hop.tcp.loaded_rtt_ms
        if loaded - idle >= max(GROWTH_MS, idle):
            yield Observation(
                f"The transfer with {endpoint(hop)} made the path's round trip "
                f"{ms_text(loaded)} long.",
                f"{ms_text(idle)} before it ({hop.tcp.rtt_source}), {ms_text(loaded)} during it "
                f"({hop.tcp.loaded_rtt_source}){_queue_text(hop, loaded - idle)}",
            )


def _queue_text(hop: Hop, growth_ms: float) -> str:
    """What must have stood in the queue at the rate at which the content came."""
    receive, size = hop.phases.receive, hop.http.body_bytes if hop.http is not None else None
    if receive is None or not size or not receive.duration_ms:
        return ""
    queued = size / receive.duration_ms * growth_ms
    return f": about {queued / 1000:.0f} kB stood in a queue"


RULE = Rule(
    id="tcp.bufferbloat",
    severity="warning",
    check=_check,
    title="Bufferbloat: a queue on the path holds the transfer's own data",
    meaning=(
        "TCP sends faster until something is lost. Where the slowest link of the path has a queue "
        "that holds much and drops late, the queue fills: nothing is lost, but every packet of "
        "everybody who shares the link waits behind it. Calls stutter and pages crawl while one "
        "download runs. Modems, Wi-Fi and mobile networks are the usual places."
    ),
    see=("ping -i 0.2 HOST   # before and during a download", "flent rrul -H HOST"),
    fix="Manage the queue at the slowest link: CAKE or fq_codel on the router (SQM).",
    cures=(
        "Shape a little below the link's rate, so that the queue stands where it is managed.",
        "On a server: BBR, or a lower `tcp_notsent_lowat`, fills queues less.",
    ),
    references=("RFC 7567, 2", "RFC 8290, 1", "RFC 8289, 3"),
    aliases=("buffer bloat", "latency under load", "lag while downloading", "RPM responsiveness"),
)
