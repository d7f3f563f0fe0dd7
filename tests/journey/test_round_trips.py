import pytest

from firstbyte.journey.round_trips import minimum_round_trips, slow_start_rounds, used_round_trips
from testbed.events import RETRY_FLIGHTS, Story

MSS = 1460


@pytest.mark.parametrize(
    ("size", "rounds"),
    [
        (0, 1),
        (1, 1),
        (10 * MSS, 1),
        (10 * MSS + 1, 2),
        (30 * MSS, 2),
        (30 * MSS + 1, 3),
        (70 * MSS, 3),
        (70 * MSS + 1, 4),
        (-5, 1),
    ],
)
def test_slow_start_from_ten_segments(size: int, rounds: int) -> None:
    assert slow_start_rounds(size, MSS) == rounds


def test_a_useless_mss_is_no_division_by_zero() -> None:
    assert slow_start_rounds(10, 0) == 1


@pytest.mark.parametrize(
    ("story", "used", "minimum"),
    [
        (Story().lookup().connect().handshake().exchange(), 4, 4),
        (Story().hosts("192.0.2.1").connect().handshake().exchange(), 3, 3),
        (Story().connect().exchange(), 2, 2),
        (Story().connect().handshake(version="TLSv1.2").exchange(), 4, 4),
        (Story().connect().handshake(flights=RETRY_FLIGHTS).exchange(), 4, 3),
        (Story().connect_quic().exchange(version="3"), 2, 2),
        (Story().connect().exchange(body_bytes=50_000), 4, 4),
        (Story().lookup_fails("dns.silent"), 0, 1),
    ],
)
def test_each_step_that_happened_counts(story: Story, used: int, minimum: int) -> None:
    [hop] = story.journey().hops
    assert (used_round_trips(hop), minimum_round_trips(hop)) == (used, minimum)


def test_a_reused_connection_costs_the_request_alone() -> None:
    story = Story().connect().handshake().exchange(status=302)
    story.redirect("https://site.test/next", reused=True).exchange(body_bytes=100_000)
    assert minimum_round_trips(story.journey().hops[1]) == 1
