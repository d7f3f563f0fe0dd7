import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstbyte.resolver.attempts import (
    Answered,
    Asking,
    GaveUp,
    Outcome,
    Plan,
    Settled,
    Silent,
    Try,
    Unusable,
)
from firstbyte.resolver.settings import Server

A, B, C = (Server(f"192.0.2.{i}") for i in (1, 2, 3))
GOOD = Answered("NOERROR", "answer", truncated=False)
SERVFAIL = Answered("SERVFAIL", "error", truncated=False)
REFUSED = Answered("REFUSED", "error", truncated=False)
FORMERR = Answered("FORMERR", "error", truncated=False)
CUT = Answered("NOERROR", "answer", truncated=True)
UNREACHABLE = Unusable("unreachable", "no route")
MALFORMED = Unusable("malformed", "nonsense")


def play(plan: Plan, *outcomes: Outcome) -> tuple[list[Try], Settled | GaveUp | Try]:
    asking = Asking(plan)
    step: Try | Settled | GaveUp = asking.start()
    tries = []
    for outcome in outcomes:
        assert isinstance(step, Try)
        tries.append(step)
        step = asking.after(outcome)
    return tries, step


def test_glibcs_order_and_timeouts() -> None:
    tries, end = play(Plan((A, B, C), 5, 2), *[Silent()] * 6)
    assert [step.server for step in tries] == [A, B, C, A, B, C]
    assert [round(step.timeout_s, 2) for step in tries] == [5, 3.33, 6.67] * 2
    assert [step.number for step in tries] == [1, 2, 3, 4, 5, 6]
    assert isinstance(end, GaveUp)
    assert end.id == "dns.silent"


def test_rotate_begins_elsewhere() -> None:
    tries, _ = play(Plan((A, B, C), 5, 1, offset=2), *[Silent()] * 3)
    assert [step.server for step in tries] == [C, A, B]


def test_a_long_list_waits_within_bounds() -> None:
    servers = tuple(Server(f"192.0.2.{i}") for i in range(40))
    tries, _ = play(Plan(servers, 5, 1), *[Silent()] * 40)
    assert max(step.timeout_s for step in tries) <= 30


@pytest.mark.parametrize("rcode", ["NOERROR", "NXDOMAIN"])
def test_what_settles(rcode: str) -> None:
    kind = "nxdomain" if rcode == "NXDOMAIN" else "nodata"
    assert play(Plan((A,), 5, 2), Answered(rcode, kind, truncated=False))[1] == Settled()


@pytest.mark.parametrize("outcome", [SERVFAIL, REFUSED, UNREACHABLE, MALFORMED, Silent()])
def test_the_next_server_is_told_with_the_reason(outcome: Outcome) -> None:
    tries, end = play(Plan((A, B), 5, 2), outcome, GOOD)
    assert tries[1].server == B
    assert tries[1].because is not None
    assert tries[1].because.kind == "server"
    assert end == Settled()


def test_truncation_asks_the_same_server_over_tcp() -> None:
    tries, end = play(Plan((A, B), 5, 2), CUT, GOOD)
    assert (tries[1].server.host, tries[1].server.transport) == (A.host, "tcp")
    assert tries[1].because is not None
    assert tries[1].because.kind == "tcp"
    assert end == Settled()


@pytest.mark.parametrize("outcome", [UNREACHABLE, Silent(), MALFORMED])
def test_truncation_without_tcp(outcome: Outcome) -> None:
    tries, end = play(Plan((A, B), 5, 1), CUT, outcome, Silent())
    assert tries[2].server == B
    assert isinstance(end, GaveUp)
    assert end.id == "dns.tcp_blocked"


def test_truncation_over_tcp_makes_no_sense() -> None:
    _, end = play(Plan((A,), 5, 1), CUT, CUT)
    assert isinstance(end, GaveUp)
    assert end.id == "dns.malformed"


def test_edns_is_dropped_once() -> None:
    tries, end = play(Plan((A,), 5, 1), FORMERR, FORMERR)
    assert [step.edns for step in tries] == [True, False]
    assert isinstance(end, GaveUp)
    assert end.id == "dns.failed"


def test_edns_dropped_over_tcp_still_counts_as_truncated() -> None:
    tries, end = play(Plan((A,), 5, 1), CUT, FORMERR, UNREACHABLE)
    assert [step.server.transport for step in tries] == ["udp", "tcp", "tcp"]
    assert isinstance(end, GaveUp)
    assert end.id == "dns.tcp_blocked"


def test_servers_known_to_choke_are_asked_plainly() -> None:
    tries, _ = play(Plan((A, B), 5, 1, no_edns=frozenset({B})), SERVFAIL, SERVFAIL)
    assert [step.edns for step in tries] == [True, False]


@pytest.mark.parametrize(
    ("outcomes", "id_"),
    [
        ((SERVFAIL, Silent()), "dns.servfail"),
        ((Silent(), REFUSED), "dns.refused"),
        ((UNREACHABLE, Silent()), "dns.failed"),
        ((MALFORMED, UNREACHABLE), "dns.malformed"),
        ((Silent(strays=3), Silent()), "dns.malformed"),
        ((Answered("NOERROR", "referral", truncated=False), Silent()), "dns.failed"),
    ],
)
def test_the_most_telling_failure_is_reported(outcomes: tuple[Outcome, ...], id_: str) -> None:
    _, end = play(Plan((A, B), 5, 1), *outcomes)
    assert isinstance(end, GaveUp)
    assert end.id == id_
    assert end.hint


_OUTCOMES = st.one_of(
    st.builds(
        Answered,
        st.sampled_from(["NOERROR", "NXDOMAIN", "SERVFAIL", "FORMERR", "NOTIMP", "YXDOMAIN"]),
        st.sampled_from(["answer", "nodata", "nxdomain", "error", "referral"]),
        st.booleans(),
    ),
    st.builds(Silent, st.integers(0, 5)),
    st.builds(Unusable, st.sampled_from(["unreachable", "malformed"]), st.text(max_size=5)),
)


@given(st.integers(1, 5), st.integers(1, 5), st.integers(0, 9), st.lists(_OUTCOMES, min_size=200))
def test_any_outcomes_come_to_an_end(
    servers: int, attempts: int, offset: int, outcomes: list[Outcome]
) -> None:
    plan = Plan((A, B, C, A, B)[:servers], 5, attempts, offset)
    asking = Asking(plan)
    step: Try | Settled | GaveUp = asking.start()
    count = 0
    for outcome in outcomes:
        if not isinstance(step, Try):
            break
        count += 1
        assert step.number == count
        assert step.timeout_s > 0
        step = asking.after(outcome)
    assert not isinstance(step, Try)
    # Per turn: the question, over TCP, and each of them once more without EDNS.
    assert count <= servers * attempts * 4
