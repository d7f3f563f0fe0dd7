"""The server's first flight does not fit the initial window."""

from collections.abc import Iterator

from firstbyte.diagnosis.certificates import chain
from firstbyte.diagnosis.evidence import endpoint
from firstbyte.diagnosis.rule import Observation, Rule
from firstbyte.journey.model import Journey

# 10 segments (RFC 6928) of 1,448 bytes, less what the other messages of the flight take.
LIMIT_BYTES = 12_000


def _check(journey: Journey) -> Iterator[Observation]:
    for hop in journey.hops:
        sent = [c for c in chain(hop) if c.sent]
        size = sum(certificate.bytes for certificate in sent)
        if size > LIMIT_BYTES and hop.phases.tls is not None:
            yield Observation(
                f"{endpoint(hop)} sends {size} bytes of certificates, more than one window holds.",
                f"{len(sent)} certificates: {', '.join(str(c.bytes) for c in sent)} bytes",
            )


RULE = Rule(
    id="tls.large_certificates",
    severity="warning",
    check=_check,
    title="The certificate chain costs a round trip",
    meaning=(
        "A server may send 10 segments, about 14 kB, before the first acknowledgement. The chain "
        "is larger, so its rest waits for one more round trip on every new connection."
    ),
    see=("openssl s_client -connect HOST:443 -servername HOST -showcerts </dev/null | wc -c",),
    fix="Send fewer certificates (no root, no cross-signs that nobody needs), with EC keys.",
    references=("RFC 6928, 2", "RFC 8879, 1"),
    aliases=("large certificate chain", "certificate compression"),
)
