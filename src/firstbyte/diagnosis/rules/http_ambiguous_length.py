"""The response says in two ways where it ends."""

from collections.abc import Iterator

from firstbyte.diagnosis.evidence import endpoint, header, header_values
from firstbyte.diagnosis.rule import Observation, Rule
from firstbyte.journey.model import Hop, Journey


def _check(journey: Journey) -> Iterator[Observation]:
    for hop in journey.hops:
        coding = header(hop, "transfer-encoding")
        if coding is None or not (hop.http_version or "").startswith("1."):
            continue
        other = _contradiction(hop)
        if other is not None:
            yield Observation(
                f"The response of {endpoint(hop)} leaves open where it ends.",
                f"Transfer-Encoding: {coding[:80]}, and {other}; the coding was taken",
            )


def _contradiction(hop: Hop) -> str | None:
    lengths = header_values(hop, "content-length")
    if lengths:
        return f"Content-Length: {lengths[0][:80]}"
    return "HTTP/1.0, which has no such field" if hop.http_version == "1.0" else None


RULE = Rule(
    id="http.ambiguous_length",
    severity="warning",
    check=_check,
    title="Two statements of where the response ends",
    meaning=(
        "The head has Transfer-Encoding and Content-Length (or the former in HTTP/1.0). Programs "
        "that believe different ones of the two see different messages on the same connection: "
        "what one takes for content is the next response to the other. That is how responses are "
        "split and requests smuggled past proxies; it is never right."
    ),
    see=("curl -siv --raw URL | head -c 400",),
    fix="Let the server send one of the two: chunked without a length, or a length alone.",
    cures=("Look for an application that sets Content-Length itself behind a server that chunks.",),
    references=("RFC 9112, 6.3", "RFC 9112, 6.1", "RFC 9112, 11.2"),
    aliases=(
        "request smuggling",
        "response splitting",
        "Transfer-Encoding and Content-Length",
        "CL.TE",
        "TE.CL",
    ),
)
