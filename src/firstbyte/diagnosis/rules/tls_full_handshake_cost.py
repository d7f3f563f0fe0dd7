"""TLS 1.2 in full takes two round trips."""

from collections.abc import Iterator

from firstbyte.diagnosis.evidence import endpoint, ms_text, rtt_ms
from firstbyte.diagnosis.rule import Observation, Rule
from firstbyte.journey.model import Journey


def _check(journey: Journey) -> Iterator[Observation]:
    for hop in journey.hops:
        phase = hop.phases.tls
        if phase is None or hop.tls is None or hop.tls.version != "TLSv1.2" or hop.tls.resumed:
            continue
        yield Observation(
            f"The TLS 1.2 handshake with {endpoint(hop)} took two round trips; TLS 1.3 takes one.",
            f"{phase.round_trips:g} round trips, {ms_text(phase.duration_ms)} in all, "
            f"at an RTT of {ms_text(rtt_ms(hop))}"
            if phase.round_trips is not None
            else f"{ms_text(phase.duration_ms)} in all",
        )


RULE = Rule(
    id="tls.full_handshake_cost",
    severity="info",
    check=_check,
    title="A full TLS 1.2 handshake: two round trips",
    meaning=(
        "In TLS 1.2 keys are exchanged only after the server's first flight, so a new session "
        "takes two round trips before the request may be sent. A resumed session takes one, TLS "
        "1.3 always one."
    ),
    see=("curl -so /dev/null -w '%{time_connect} %{time_appconnect}\\n' URL",),
    fix="Enable TLS 1.3; or session tickets, so that returning clients resume.",
    references=("RFC 5246, 7.3", "RFC 8446, 2"),
    aliases=("time_appconnect", "slow tls handshake", "tls false start"),
)
