"""The round trip under the transfer's own load."""

from firstbyte.events import tcp
from testbed.events import Story


def segment(story: Story, value: int, echo: int, *, sent: bool = False) -> None:
    options = tcp.SegmentOptions(timestamp=(value, echo))
    length = 0 if sent else 1448
    what = tcp.Segment("ACK", length, seq=0, options=options)
    direction = "sent" if sent else "received"
    story.emit(what, direction=direction, connection="tcp1", source="capture")


def download(echo_after_ms: float, gap_ms: float, count: int = 60) -> Story:
    """Each segment is acknowledged at once, and echoes what we said so long before."""
    story = Story().lookup().connect(took_ms=40).request().response(wait_ms=40)
    segment(story, 0, 0, sent=True)
    behind = max(1, round(echo_after_ms / gap_ms))
    for number in range(1, count):
        story.pause(gap_ms)
        segment(story, number, max(0, number - behind))
        segment(story, number, number, sent=True)
    return story.body(500_000, took_ms=0)


def loaded_ms(story: Story) -> float | None:
    tcp_part = story.journey().hops[0].tcp
    assert tcp_part is not None
    return tcp_part.loaded_rtt_ms


def test_a_queue_shows_in_the_age_of_the_echoes() -> None:
    assert loaded_ms(download(echo_after_ms=400, gap_ms=10, count=120)) == 400


def test_an_empty_path_has_its_own_round_trip() -> None:
    assert loaded_ms(download(echo_after_ms=40, gap_ms=2)) == 40


def test_a_slow_server_is_no_queue() -> None:
    """One segment every 300 ms: its echo is old because nothing was sent meanwhile."""
    assert loaded_ms(download(echo_after_ms=300, gap_ms=300)) is None


def test_without_segments_the_kernels_estimate_counts_where_nothing_paused() -> None:
    def story(pause_ms: float) -> Story:
        begun = Story().lookup().connect(took_ms=40).request().response()
        begun.body(500_000, took_ms=pause_ms)
        return begun.info("end", min_rtt_us=40_000, rcv_rtt_us=500_000)

    assert loaded_ms(story(5)) == 500
    assert loaded_ms(story(450)) is None


def test_an_upload_is_measured_by_its_own_segments() -> None:
    story = Story().lookup().connect(took_ms=40).request(method="POST", body_bytes=900_000)
    story.response(wait_ms=900).info("first_byte", min_rtt_us=40_000, rtt_us=600_000)
    assert loaded_ms(story.body(10)) == 600


def test_a_short_transfer_tells_nothing() -> None:
    story = Story().lookup().connect(took_ms=40).exchange(body_bytes=5_000)
    story.info("end", min_rtt_us=40_000, rcv_rtt_us=500_000)
    assert loaded_ms(story) is None
