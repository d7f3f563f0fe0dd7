"""Answers that had begun to arrive before they could be read.

A TLS record is decrypted only when it is whole (RFC 8446, 5.2). One of 16 kB is more than a
server's first window of 10 segments (RFC 6928), so its end waits for acknowledgements: without the
segments that round trip looks like the server's time.
"""

from collections.abc import Iterator

from firstbyte.journey.arrivals import bursts_of, data_segments
from firstbyte.journey.hop_view import HopView
from firstbyte.journey.partition import Claim
from firstbyte.journey.rtt import Rtt
from firstbyte.journey.transfer import transfer_claims

# Tickets and HTTP/2's first frames come before an answer, too: they are far less than a window.
_WINDOW_BYTES = 9 * 1208


def answer_began_us(view: HopView, start_us: int, end_us: int, rtt: Rtt) -> int | None:
    """When the first window of the answer began to come, if more of them were needed.

    Args:
        view: the hop.
        start_us: when the request was sent.
        end_us: when the first byte could be read.
        rtt: the path's.

    """
    seen = [one for one in data_segments(view.carrier) if start_us < one.at_us <= end_us]
    bursts = bursts_of(seen, rtt.us)
    full = (burst for burst in bursts[:-1] if burst.payload_bytes >= _WINDOW_BYTES)
    began = next(full, None)
    return began.start_us if began is not None else None


def whole_claims(view: HopView, began_us: int, end_us: int, rtt: Rtt) -> Iterator[Claim]:
    """Claims on the time from then on, until the first byte could be read."""
    for claim in transfer_claims(view, began_us, end_us, rtt):
        text = f"{claim.evidence}; the answer's first record can be read only whole"
        yield claim._replace(evidence=text)


def extra_round_trips(view: HopView, start_us: int, end_us: int, rtt: Rtt | None) -> float:
    """Round trips within the wait that were the record's."""
    began_us = answer_began_us(view, start_us, end_us, rtt) if rtt is not None else None
    if began_us is None or rtt is None:
        return 0
    return sum(claim.round_trips or 0 for claim in whole_claims(view, began_us, end_us, rtt))
