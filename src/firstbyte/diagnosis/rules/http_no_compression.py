"""Text that is not compressed."""

from collections.abc import Iterator

from firstbyte.diagnosis.evidence import header, request_header
from firstbyte.diagnosis.rule import Observation, Rule
from firstbyte.journey.model import Hop, Journey

# Less gains nothing: it fits a segment as it is.
MINIMUM_BYTES = 1_400
# What fits the first window (RFC 6928) costs no round trip more.
WINDOW_BYTES = 14_480
_TEXT = (
    "text/",
    "application/json",
    "application/javascript",
    "application/xml",
    "application/xhtml",
    "image/svg",
    "application/manifest",
    "application/wasm",
)


def _check(journey: Journey) -> Iterator[Observation]:
    for hop in journey.hops:
        size = hop.http.body_bytes if hop.http is not None else None
        kind = (header(hop, "content-type") or "").lower()
        if size is None or size < MINIMUM_BYTES or not _is_text(kind) or not _could(hop):
            continue
        yield Observation(
            f"{size} bytes of {kind.partition(';')[0]} were sent without compression.",
            f"Accept-Encoding: {request_header(hop, 'accept-encoding')}, "
            "but no Content-Encoding came; text shrinks to a third or a quarter",
            None if size > WINDOW_BYTES else "info",
        )


def _is_text(kind: str) -> bool:
    return kind.startswith(_TEXT) or "+json" in kind or "+xml" in kind


def _could(hop: Hop) -> bool:
    accepted = request_header(hop, "accept-encoding") or "identity"
    encoded = header(hop, "content-encoding") or "identity"
    status = hop.status or 0
    return (
        accepted != "identity" and encoded == "identity" and 200 <= status < 300 and status != 206
    )


RULE = Rule(
    id="http.no_compression",
    severity="warning",
    check=_check,
    title="Text without compression",
    meaning=(
        "The client said which encodings it understands, and the server sent text as it is. "
        "Compressed it would be three to five times smaller: fewer round trips of slow start, "
        "less to pay for. Below 14 kB it fits the first window anyway, and is mere information."
    ),
    see=("curl -sI -H 'Accept-Encoding: gzip, br, zstd' URL | grep -i content-encoding",),
    fix="Switch on gzip, br or zstd for text types (nginx: gzip on; gzip_types …).",
    cures=("Do not compress secrets together with what an attacker may choose (BREACH).",),
    references=("RFC 9110, 8.4", "RFC 9110, 12.5.3"),
    aliases=("Enable text compression", "gzip", "brotli", "Content-Encoding", "uncompressed"),
)
