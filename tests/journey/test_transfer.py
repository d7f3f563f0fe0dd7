from firstbyte.events import tcp
from testbed.events import Story
from testbed.ledgers import spent


def segment(story: Story, seq: int, *, again: bool = False, length: int = 1448) -> None:
    what = tcp.Segment("PSH ACK", length, seq=seq, retransmission=again)
    story.emit(what, direction="received", connection="tcp1", source="capture")


def allow(story: Story, window_bytes: int, *, ack: int = 0) -> None:
    what = tcp.Segment("ACK", 0, ack=ack, window_bytes=window_bytes)
    story.emit(what, direction="sent", connection="tcp1", source="capture")


def test_bursts_one_rtt_apart_are_the_congestion_window() -> None:
    story = Story().lookup().connect(took_ms=40).request().response()
    for burst in range(3):
        for number in range(10 << burst):
            segment(story, burst * 100_000 + number * 1448)
        story.pause(40)
    story.pause(-40)
    journey = story.body(100_000, took_ms=0).journey()
    rows = [i for i in journey.ledger if i.cause == "transfer_congestion_window"]
    assert [(i.duration_ms, i.round_trips) for i in rows] == [(40, 1), (40, 1)]
    receive = journey.hops[0].phases.receive
    assert receive is not None
    assert receive.round_trips == 2
    assert journey.totals.round_trips == journey.totals.minimum_round_trips == 5


def test_a_repaired_burst_is_loss_and_a_long_silence_the_server() -> None:
    story = Story().lookup().connect(took_ms=40).request().response(wait_ms=40)
    segment(story, 1)
    segment(story, 4000)
    story.pause(300)
    segment(story, 1449, again=True)
    story.pause(500)
    segment(story, 6000)
    journey = story.body(8000, took_ms=0).journey()
    assert spent(journey)["transfer_loss"] == 300
    assert spent(journey)["server_time"] == 500


def test_a_full_receive_window_is_the_receivers() -> None:
    story = Story().lookup().connect(took_ms=40)
    allow(story, 14_480)
    story.pause(40).request().response()
    for burst in range(2):
        for number in range(10):
            segment(story, burst * 14_480 + number * 1448)
        story.pause(40)
    story.pause(-40)
    journey = story.body(28_960, took_ms=0).journey()
    assert spent(journey)["transfer_receiver"] == 40


def test_without_segments_slow_start_is_recognised_by_its_arithmetic() -> None:
    # 100 kB are 69 segments: 10, 20, 40: two more round trips than the first window.
    story = Story().lookup().connect(took_ms=40).request().response()
    journey = story.body(100_000, took_ms=85).journey()
    [row] = [i for i in journey.ledger if i.cause == "transfer_congestion_window"]
    assert (row.duration_ms, row.round_trips) == (85, 2)
    assert "not seen" in row.evidence


def test_without_segments_a_pause_is_the_servers() -> None:
    story = Story().lookup().connect(took_ms=10).request().response()
    journey = story.body(4_000, took_ms=900).journey()
    assert spent(journey)["server_time"] == 900 + 70


def test_content_that_came_with_the_first_bytes() -> None:
    story = Story().lookup().connect(took_ms=40).request()
    story.pause(79.5)
    segment(story, 1)
    journey = story.response(wait_ms=0.5).body(1400, took_ms=0.2).journey()
    assert "had arrived" in journey.ledger[-1].evidence
    assert journey.hops[0].phases.receive is not None
    assert journey.hops[0].phases.receive.round_trips == 0


def test_a_window_that_opens_late_is_the_receivers_until_then() -> None:
    story = Story().lookup().connect(took_ms=40)
    allow(story, 2_000)
    story.pause(40).request().response()
    segment(story, 0)
    story.pause(100)
    allow(story, 60_000, ack=1448)
    story.pause(340)
    segment(story, 1448)
    journey = story.body(2_896, took_ms=0).journey()
    assert spent(journey)["transfer_receiver"] == 100 + 40
    assert spent(journey)["server_time"] == 300 + 40


def test_a_segment_that_came_twice_repairs_nothing() -> None:
    """A probe for a tail that had arrived (RFC 8985, 7): our ACK was late, no data was lost."""
    story = Story().lookup().connect(took_ms=40).request().response(wait_ms=40)
    segment(story, 0)
    story.pause(80)
    segment(story, 0, again=True)
    story.pause(120)
    segment(story, 1448)
    journey = story.body(2_896, took_ms=0).journey()
    [row] = [i for i in journey.ledger if i.cause == "transfer_loss"]
    assert row.duration_ms == 200
    assert "ACK" in row.evidence


def test_a_full_window_tells_why_the_last_segment_was_probed_for() -> None:
    story = Story().lookup().connect(took_ms=40)
    allow(story, 1_500)
    story.pause(40).request().response(wait_ms=40)
    segment(story, 0)
    story.pause(80)
    segment(story, 0, again=True)
    story.pause(120)
    segment(story, 1448)
    journey = story.body(2_896, took_ms=0).journey()
    assert spent(journey)["transfer_receiver"] == 200
    assert "transfer_loss" not in spent(journey)


def test_a_delayed_ack_splits_a_round_but_adds_none() -> None:
    """The last, odd segment is acknowledged half a round trip later: two bursts, one round."""
    story = Story().lookup().connect(took_ms=80).request().response(wait_ms=80)
    seq = 0
    for count, pause_ms in ((9, 80), (18, 40), (2, 40), (36, 40), (4, 0)):
        for _ in range(count):
            segment(story, seq)
            seq += 1448
        story.pause(pause_ms)
    journey = story.body(seq, took_ms=0).journey()
    assert spent(journey)["transfer_congestion_window"] == 200
    assert journey.hops[0].phases.receive is not None
    assert journey.hops[0].phases.receive.round_trips == 2


def test_the_gaps_of_a_slow_link_are_its_rate() -> None:
    """1,448 bytes take 12 ms at 1 Mbit/s, more than half of this path's RTT."""
    story = Story().lookup().connect(took_ms=20).request().response(wait_ms=20)
    for number in range(40):
        segment(story, number * 1448)
        story.pause(12)
    journey = story.body(40 * 1448, took_ms=0).journey()
    assert spent(journey)["transfer_bandwidth"] == 480
    assert "transfer_congestion_window" not in spent(journey)
