"""QUIC: version, path and packets."""

from rich.text import Text

from firstbyte.journey.model import Hop
from firstbyte.rendering.details.rows import joined, row
from firstbyte.rendering.headline import address
from firstbyte.rendering.look import Look
from firstbyte.rendering.units import duration, plural, size


def quic_facts(hop: Hop, look: Look) -> list[Text]:
    """What is known of the QUIC connection."""
    quic = hop.quic
    if quic is None:
        return []
    lines: list[Text] = []
    if hop.local_ip is not None:
        lines.extend(row("local end", address(hop.local_ip, hop.local_port), look))
    agreed = joined(
        (
            quic.version,
            "after Retry" if quic.retry else None,
            "early data" if quic.early_data else None,
        )
    )
    lines.extend(row("version", agreed, look))
    path = joined(
        (
            None if quic.rtt_ms is None else f"rtt {duration(quic.rtt_ms)}",
            None if quic.min_rtt_ms is None else f"min {duration(quic.min_rtt_ms)}",
            None if quic.cwnd_bytes is None else f"cwnd {size(quic.cwnd_bytes)}",
        )
    )
    lines.extend(row("path", path, look))
    packets = joined(
        (
            f"{plural(quic.packets_sent, 'packet')} sent",
            f"{quic.packets_received:,} received",
            None if quic.lost_packets is None else f"{quic.lost_packets:,} lost",
        )
    )
    lines.extend(row("packets", packets, look))
    return lines
