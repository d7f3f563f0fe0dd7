"""The heap of appointments."""

from hypothesis import given
from hypothesis import strategies as st

from firstbyte.sim.agenda import Agenda
from firstbyte.sim.clock import Clock


def make():
    clock = Clock()
    return clock, Agenda(clock)


def drain(clock, agenda, now_ns):
    clock.advance_to(now_ns)
    agenda.run_due()


@given(st.lists(st.integers(0, 5), max_size=50))
def test_equal_times_keep_their_order(times):
    (clock, agenda), seen = make(), []
    for number, at_ns in enumerate(times):
        agenda.add(at_ns, lambda item=(at_ns, number): seen.append(item))
    drain(clock, agenda, 10)
    assert seen == sorted((at_ns, number) for number, at_ns in enumerate(times))


def test_nothing_runs_before_its_time():
    (clock, agenda), seen = make(), []
    agenda.add(5, lambda: seen.append(5))
    drain(clock, agenda, 4)
    assert seen == []
    assert agenda.next_ns() == 5


def test_of_equal_times_what_set_out_first_comes_first():
    (clock, agenda), seen = make(), []
    agenda.post(9, 5, seen.append, "a packet that leaves at 5")
    agenda.post(9, 0, seen.append, "one that leaves at once")
    clock.advance_to(4)
    agenda.add(9, lambda: seen.append("a timer of 4"))
    clock.advance_to(6)
    agenda.add(9, lambda: seen.append("a timer of 6"))
    assert agenda.run_next()
    assert clock.now_ns == 9
    assert seen == [
        "one that leaves at once",
        "a timer of 4",
        "a packet that leaves at 5",
        "a timer of 6",
    ]


def test_what_was_posted_can_be_withdrawn():
    (clock, agenda), seen = make(), []
    items = [agenda.post(number % 3, 0, seen.append, number) for number in range(9)]
    for item in items[::2]:
        agenda.withdraw(item)
    assert len(agenda) == 4
    drain(clock, agenda, 9)
    assert seen == [3, 1, 7, 5]


lanes = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2)), max_size=60)


@given(lanes, st.integers(0, 5))
def test_lanes_change_nothing_but_the_heap(steps, kept):
    """A lane keeps its appointments where each of them would have been kept by itself."""
    orders = []
    for in_lanes in (True, False):
        (_, agenda), seen = make(), []
        posts = [agenda.lane(seen.append) for _ in range(3)]
        items, times = [[], [], []], [0, 0, 0]
        for number, (later, which) in enumerate(steps):
            times[which] += later
            if in_lanes and which:
                posts[which].post(times[which], times[which] // 2, number)
            else:
                at_ns = times[which]
                items[which].append(agenda.post(at_ns, at_ns // 2, seen.append, number))
        if in_lanes:
            posts[1].cut(kept)
        for item in [] if in_lanes else items[1][kept:]:
            agenda.withdraw(item)
        while agenda.run_next():
            pass
        orders.append(seen)
    assert orders[0] == orders[1]


def test_a_cancelled_one_does_not_move_the_clock():
    (clock, agenda), seen = make(), []
    agenda.cancel(agenda.add(3, lambda: seen.append(3)))
    agenda.add(7, lambda: seen.append(7))
    assert agenda.run_next()
    assert (clock.now_ns, seen) == (7, [7])
    assert not agenda.run_next()


@given(st.lists(st.booleans(), max_size=300))
def test_cancelled_ones_do_not_run(cancelled):
    (clock, agenda), seen = make(), []
    entries = [agenda.add(1, lambda n=n: seen.append(n)) for n in range(len(cancelled))]
    for entry, cancel in zip(entries, cancelled, strict=True):
        if cancel:
            agenda.cancel(entry)
            agenda.cancel(entry)
    assert len(agenda) == cancelled.count(False)
    drain(clock, agenda, 1)
    assert seen == [n for n, cancel in enumerate(cancelled) if not cancel]
    assert len(agenda) == 0
    assert agenda.next_ns() is None


def test_cancelling_what_ran_changes_nothing():
    clock, agenda = make()
    entry = agenda.add(1, lambda: None)
    drain(clock, agenda, 1)
    agenda.cancel(entry)
    assert len(agenda) == 0


@given(st.lists(st.sampled_from(["kept", "cancelled", "background", "cancelled background"])))
def test_it_is_idle_with_nothing_but_background(kinds):
    clock, agenda = make()
    for kind in kinds:
        entry = agenda.add(1, lambda: None, background="background" in kind)
        if "cancelled" in kind:
            agenda.cancel(entry)
            agenda.cancel(entry)
    assert agenda.idle == ("background" in kinds and "kept" not in kinds)
    if agenda.idle:
        assert not agenda.run_next()
    drain(clock, agenda, 1)
    assert not agenda.idle
