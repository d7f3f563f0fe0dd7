"""Sums over a journey's ledger."""

from firstbyte.journey.model import Journey, us


def spent(journey: Journey) -> dict[str, float]:
    """Milliseconds by cause."""
    sums: dict[str, int] = {}
    for interval in journey.ledger:
        sums[interval.cause] = sums.get(interval.cause, 0) + us(interval.duration_ms)
    return {cause: total / 1000 for cause, total in sums.items()}
