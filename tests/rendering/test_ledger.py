"""The ledger's rows."""

from firstbyte.journey.model import Interval
from firstbyte.rendering.ledger import MOST_PIECES, folded


def intervals(count: int) -> tuple[Interval, ...]:
    causes = ("transfer_bandwidth", "transfer_receiver")
    return tuple(
        Interval(causes[number % 2], 10.0 * number, 10.0, 1 if number % 2 else None, f"{number}")
        for number in range(count)
    )


def test_a_transfer_of_many_pieces_is_told_as_a_sum_for_each_cause() -> None:
    dns = Interval("dns_round_trip", 0.0, 5.0, 1, "one")
    rows = list(folded((dns, *intervals(200), dns)))
    assert [row.cause for row in rows] == [
        "dns_round_trip",
        "transfer_bandwidth",
        "transfer_receiver",
        "dns_round_trip",
    ]
    assert sum(row.duration_ms for row in rows) == 2010.0
    assert [row.round_trips for row in rows] == [1, None, 100, 1]
    assert rows[2].evidence == "100 times, the longest 10.00 ms: 1"


def test_a_short_one_is_told_piece_by_piece() -> None:
    assert tuple(folded(intervals(MOST_PIECES))) == intervals(MOST_PIECES)
