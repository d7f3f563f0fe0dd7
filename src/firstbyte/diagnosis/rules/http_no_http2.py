"""HTTP/1.1 where HTTP/2 was offered."""

from collections.abc import Iterator

from firstbyte.diagnosis.evidence import endpoint
from firstbyte.diagnosis.rule import Observation, Rule
from firstbyte.journey.model import Journey


def _check(journey: Journey) -> Iterator[Observation]:
    for hop in journey.hops:
        tls = hop.tls
        if tls is None or tls.version is None or "h2" not in tls.alpn_offered or hop.reused:
            continue
        if tls.alpn != "h2" and hop.status is not None:
            yield Observation(
                f"{endpoint(hop)} speaks HTTP/{hop.http_version}; HTTP/2 was offered.",
                f"ALPN offered {', '.join(tls.alpn_offered)}; chosen: {tls.alpn or 'nothing'}",
            )


RULE = Rule(
    id="http.no_http2",
    severity="info",
    check=_check,
    title="No HTTP/2",
    meaning=(
        "With HTTP/1.1 each request blocks its connection, so browsers open six of them, each "
        "with its own handshake and slow start. HTTP/2 carries all on one. For a single request, "
        "as here, it makes no difference."
    ),
    see=("curl -sI --http2 URL | head -1",),
    fix="Enable HTTP/2 on the server (nginx: http2 on;).",
    references=("RFC 9113, 1", "RFC 7301, 3.2"),
    aliases=("h2 not negotiated", "Use HTTP/2", "http/1.1 only"),
)
