"""The heap of appointments."""

from hypothesis import given
from hypothesis import strategies as st

from firstbyte.sim.agenda import Agenda


def drain(agenda, now_ns):
    while (entry := agenda.pop_due(now_ns)) is not None:
        entry.action()


@given(st.lists(st.integers(0, 5), max_size=50))
def test_equal_times_keep_their_order(times):
    agenda, seen = Agenda(), []
    for number, at_ns in enumerate(times):
        agenda.add(at_ns, lambda item=(at_ns, number): seen.append(item))
    drain(agenda, 10)
    assert seen == sorted((at_ns, number) for number, at_ns in enumerate(times))


def test_nothing_runs_before_its_time():
    agenda, seen = Agenda(), []
    agenda.add(5, lambda: seen.append(5))
    drain(agenda, 4)
    assert seen == []
    assert agenda.next_ns() == 5


@given(st.lists(st.booleans(), max_size=300))
def test_cancelled_ones_do_not_run(cancelled):
    agenda, seen = Agenda(), []
    entries = [agenda.add(1, lambda n=n: seen.append(n)) for n in range(len(cancelled))]
    for entry, cancel in zip(entries, cancelled, strict=True):
        if cancel:
            agenda.cancel(entry)
            agenda.cancel(entry)
    assert len(agenda) == cancelled.count(False)
    drain(agenda, 1)
    assert seen == [n for n, cancel in enumerate(cancelled) if not cancel]
    assert len(agenda) == 0
    assert agenda.next_ns() is None


def test_cancelling_what_ran_changes_nothing():
    agenda = Agenda()
    entry = agenda.add(1, lambda: None)
    drain(agenda, 1)
    agenda.cancel(entry)
    assert len(agenda) == 0


@given(st.lists(st.sampled_from(["kept", "cancelled", "background", "cancelled background"])))
def test_it_is_idle_with_nothing_but_background(kinds):
    agenda = Agenda()
    for kind in kinds:
        entry = agenda.add(1, lambda: None, background="background" in kind)
        if "cancelled" in kind:
            agenda.cancel(entry)
            agenda.cancel(entry)
    assert agenda.idle == ("background" in kinds and "kept" not in kinds)
    drain(agenda, 1)
    assert not agenda.idle
