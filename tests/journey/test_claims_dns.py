from firstbyte.events import dns
from testbed.events import Story
from testbed.ledgers import spent


def test_an_unanswered_question_is_waiting_and_its_repetition_a_round_trip() -> None:
    story = Story()
    story.emit(dns.LookupStarted("site.test", ("A",)))
    query = story.ask("A")
    story.pause(1000).emit(dns.TimedOut(query, 1.0))
    query = story.ask("A", attempt=2)
    story.pause(12).answer(query, "A", ["192.0.2.1"])
    story.emit(dns.LookupFinished("site.test", ("192.0.2.1",)))
    journey = story.connect().request().response().body().journey()
    assert spent(journey)["dns_wait"] == 1000
    assert spent(journey)["dns_round_trip"] == 12
    assert journey.hops[0].phases.dns is not None
    assert journey.hops[0].phases.dns.why == "cold: 2 questions, 1 not answered"


def test_sequential_questions_are_round_trips_of_their_own() -> None:
    story = Story()
    story.emit(dns.LookupStarted("site.test", ("A",)))
    for name in ("site.test", "alias.test"):
        query = story.ask("A", name=name)
        story.pause(10).answer(query, "A", ["192.0.2.1"], name=name)
    story.emit(dns.LookupFinished("site.test", ("192.0.2.1",)))
    journey = story.connect().exchange().journey()
    rows = [i for i in journey.ledger if i.cause == "dns_round_trip"]
    assert [(i.duration_ms, i.round_trips) for i in rows] == [(10, 1), (10, 1)]
    assert journey.totals.round_trips == 4
    assert journey.totals.minimum_round_trips == 3
