"""The QUIC connection that carried a hop."""

from firstbyte.events import quic
from firstbyte.journey.build_tcp import to_attempt
from firstbyte.journey.hop_view import HopView
from firstbyte.journey.model import Quic, ms
from firstbyte.journey.select import each, first, last


def build_quic(view: HopView) -> Quic | None:
    """The hop's QUIC connection; null when the winner is not QUIC."""
    carrier = view.carrier
    started = first(carrier, quic.ConnectionStarted)
    connected = first(carrier, quic.HandshakeCompleted)
    if started is None and connected is None:
        return None
    sample = last(carrier, quic.RttSampled)
    packets = each(carrier, quic.Packet)
    version = connected.what.version if connected else None
    return Quic(
        version=version or (started.what.version if started else None),
        retry=connected is not None and connected.what.retry,
        early_data=connected is not None and connected.what.early_data,
        rtt_ms=ms(sample.what.rtt_us) if sample else None,
        min_rtt_ms=ms(sample.what.min_rtt_us) if sample else None,
        cwnd_bytes=sample.what.cwnd_bytes if sample else None,
        lost_packets=sample.what.lost_packets if sample else None,
        packets_sent=sum(p.what.count for p in packets if p.event.direction == "sent"),
        packets_received=sum(p.what.count for p in packets if p.event.direction == "received"),
        attempts=tuple(to_attempt(a) for a in view.attempts if a.transport == "quic"),
    )
