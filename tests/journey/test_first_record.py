"""Answers that had begun before their first byte could be read."""

from firstbyte.events import tcp
from testbed.events import Story
from testbed.ledgers import spent


def burst(story: Story, seq: int, segments: int) -> int:
    for _ in range(segments):
        what = tcp.Segment("PSH ACK", 1448, seq=seq)
        story.emit(what, direction="received", connection="tcp1", source="capture")
        seq += 1448
    return seq


def large_record() -> Story:
    story = Story().lookup().connect(took_ms=40).handshake(took_ms=40).request()
    seq = burst(story.pause(45), 0, 10)
    burst(story.pause(40), seq, 2)
    return story.response(wait_ms=0).body(16_000, took_ms=0)


def test_a_record_that_needs_two_windows_is_not_the_servers_time() -> None:
    journey = large_record().journey()
    assert spent(journey)["server_time"] == 5
    [row] = [i for i in journey.ledger if i.cause == "transfer_congestion_window"]
    assert (row.duration_ms, row.round_trips) == (40, 1)
    assert "only whole" in row.evidence
    wait = journey.hops[0].phases.wait
    assert wait is not None
    assert wait.round_trips == 2
    assert journey.totals.round_trips == journey.totals.minimum_round_trips


def test_tickets_and_settings_before_the_answer_are_no_part_of_it() -> None:
    story = Story().lookup().connect(took_ms=40).handshake(took_ms=40).request()
    burst(story.pause(40), 0, 1)
    burst(story.pause(40), 1448, 2)
    journey = story.response(wait_ms=0).body(2_000, took_ms=0).journey()
    assert spent(journey)["server_time"] == 40
    assert "transfer_congestion_window" not in spent(journey)
