"""The handshake took one more round trip."""

from collections.abc import Iterator

from firstbyte.diagnosis.evidence import endpoint, handshake_text, ms_text, rtt_ms
from firstbyte.diagnosis.rule import Observation, Rule
from firstbyte.journey.model import Hop, Journey


def _check(journey: Journey) -> Iterator[Observation]:
    for hop in journey.hops:
        if _retried(hop):
            group = (hop.tls.group if hop.tls is not None else None) or "another group"
            yield Observation(
                f"{endpoint(hop)} asked for {group} with a HelloRetryRequest: "
                f"one more round trip ({ms_text(rtt_ms(hop))}).",
                handshake_text(hop),
            )


def _retried(hop: Hop) -> bool:
    messages = hop.tls.messages if hop.tls is not None else ()
    hellos = sum(m.type == "client_hello" and m.from_ == "client" for m in messages)
    return hellos > 1 or any(m.type == "hello_retry_request" for m in messages)


RULE = Rule(
    id="tls.hello_retry",
    severity="warning",
    check=_check,
    title="HelloRetryRequest: a round trip more",
    meaning=(
        "The client guesses which key exchange group the server will take and sends a share for "
        "it. The server wants another group, so it asks for a second ClientHello. Everything "
        "works, one round trip later, on every new connection."
    ),
    see=("openssl s_client -connect HOST:443 -msg </dev/null 2>&1 | grep -c ClientHello",),
    fix="Enable X25519 (and X25519MLKEM768) on the server, first in its list of groups.",
    cures=("With --curves: put the group that the server takes first.",),
    references=("RFC 8446, 4.1.4", "RFC 8446, 2.1"),
    aliases=("HelloRetryRequest", "hello_retry_request", "HRR"),
)
