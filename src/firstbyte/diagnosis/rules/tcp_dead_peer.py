"""The connection died without a word."""

from collections.abc import Iterator

from firstbyte.diagnosis.evidence import endpoint, ms_text
from firstbyte.diagnosis.rule import Observation, Rule
from firstbyte.journey.model import Hop, Journey, Tcp

_SENTENCES = {
    "silent": "Nothing answers any more on the connection to {}.",
    "reset": "The connection to {} is not known there any more.",
}
_EVIDENCE = {"silent": "was not acknowledged", "reset": "was answered with RST"}


def _check(journey: Journey) -> Iterator[Observation]:
    for hop in journey.hops:
        if hop.tcp is not None and hop.tcp.probe is not None:
            yield from _dead(hop, hop.tcp)


def _dead(hop: Hop, tcp: Tcp) -> Iterator[Observation]:
    silence = f"nothing came for {ms_text(tcp.silent_ms)}, then a keepalive probe"
    if tcp.probe in _SENTENCES:
        sentence = _SENTENCES[tcp.probe].format(endpoint(hop))
        yield Observation(sentence, f"{silence} {_EVIDENCE[tcp.probe]}")
    elif tcp.missed_bytes:
        yield Observation(
            f"What {endpoint(hop)} sent did not arrive: the path had forgotten the connection.",
            f"{silence} was answered; by the number of that answer, {tcp.missed_bytes} bytes "
            "had been sent that never came",
        )


RULE = Rule(
    id="tcp.dead_peer",
    severity="error",
    check=_check,
    title="A dead peer, or a path that forgot the connection",
    meaning=(
        "The connection stood and was quiet; when it was probed, nobody answered on it. Either "
        "the peer is gone (crashed, unplugged, moved), or something between has dropped its entry "
        "for the connection: address translators and firewalls do so after some idle time, "
        "carrier-grade ones after half a minute, though they should keep it for two hours. From "
        "here the two look alike; what helps is the same."
    ),
    see=("ss -tnoi dst ADDRESS", "conntrack -L -d ADDRESS"),
    fix="Do not let a connection be quiet for long: answer sooner, or send something meanwhile.",
    cures=(
        "TCP keepalive below the shortest idle time on the way (SO_KEEPALIVE, TCP_KEEPIDLE 20).",
        "Heartbeats of the application: HTTP/2 PING, a comment line in an event stream.",
        "Poll instead of waiting; over IPv6 nothing need be translated.",
        "Raise the idle time of the firewall, the load balancer or the NAT, if it is yours.",
    ),
    references=("RFC 9293, 3.8.4", "RFC 5382, REQ-5", "RFC 6888, 3"),
    aliases=(
        "half-open connection",
        "NAT timeout",
        "CGNAT timeout",
        "idle timeout",
        "keepalive",
        "connection tracking timeout",
        "dead connection",
    ),
)
