"""Timers: the earliest deadline is always known."""

from hypothesis import given
from hypothesis import strategies as st

from firstbyte.protocols.tcp.timers import NAMES, NEVER, Timers

ACTIONS = st.lists(
    st.tuples(st.sampled_from(["set", "cancel", "take"]), st.integers(0, 5), st.integers(0, 99)),
    max_size=60,
)


@given(ACTIONS)
def test_against_a_plain_dictionary(actions) -> None:
    timers, model = Timers(), {}
    for action, timer, at in actions:
        if action == "set":
            timers.set(timer, at)
            model[timer] = at
        elif action == "cancel":
            timers.cancel(timer)
            model.pop(timer, None)
        else:
            due = timers.take_due(at)
            if due is None:
                assert all(when > at for when in model.values())
            else:
                assert model.pop(due) <= at
        assert timers.deadline == min(model.values(), default=NEVER)
        assert {t for t in range(len(NAMES)) if timers.runs(t)} == set(model)
    timers.clear()
    assert timers.deadline == NEVER
