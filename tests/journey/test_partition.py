from hypothesis import given
from hypothesis import strategies as st

from firstbyte.journey.partition import Claim, Slice, partition

claims = st.lists(
    st.builds(
        Claim,
        start_us=st.integers(-50, 300),
        end_us=st.integers(-50, 300),
        cause=st.sampled_from(["server_time", "proxy", "dns_wait"]),
        evidence=st.just("because"),
        round_trips=st.none() | st.just(1.0),
        rank=st.integers(0, 3),
    ),
    max_size=12,
)


def causes(slices: tuple[Slice, ...]) -> list[tuple[int, int, str]]:
    return [(s.start_us, s.end_us, s.cause) for s in slices]


@given(claims, st.integers(0, 250), st.lists(st.integers(-10, 300)))
def test_always_covers_the_whole_without_gap_or_overlap(
    given_claims: list[Claim], total_us: int, steps: list[int]
) -> None:
    slices = partition(given_claims, total_us, steps)
    assert sum(s.end_us - s.start_us for s in slices) == total_us
    reached = 0
    for piece in slices:
        assert piece.start_us == reached
        assert piece.end_us > piece.start_us
        reached = piece.end_us


def test_the_higher_rank_wins_and_the_lower_one_gets_the_rest() -> None:
    low = Claim(0, 100, "dns_wait", "low", rank=0)
    high = Claim(20, 40, "dns_round_trip", "high", 1, rank=2)
    assert causes(partition([low, high], 100, [])) == [
        (0, 20, "dns_wait"),
        (20, 40, "dns_round_trip"),
        (40, 100, "dns_wait"),
    ]


def test_round_trips_are_counted_once_when_a_claim_is_cut() -> None:
    low = Claim(0, 100, "tcp_handshake", "low", 1, rank=0)
    high = Claim(20, 40, "proxy", "high", None, rank=2)
    slices = partition([low, high], 100, [])
    assert [s.round_trips for s in slices] == [1, None, None]


def test_an_unclaimed_stretch_is_the_clients_until_its_next_step() -> None:
    slices = partition([Claim(10, 20, "proxy", "")], 50, [10, 35])
    assert causes(slices) == [
        (0, 10, "client_compute"),
        (10, 20, "proxy"),
        (20, 35, "client_compute"),
        (35, 50, "unaccounted"),
    ]


def test_nothing_at_all_is_unaccounted() -> None:
    assert causes(partition([], 5, [])) == [(0, 5, "unaccounted")]
    assert partition([], 0, []) == ()
