import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstbyte.client.addresses import AddressRace, Attempt, RacePolicy, interleave

MS = 1_000_000
V6 = ("2001:db8::1", "2001:db8::2")
V4 = ("192.0.2.1", "192.0.2.2")


def race(**policy: object) -> AddressRace:
    return AddressRace(RacePolicy(**policy), {"A", "AAAA"})  # type: ignore[arg-type]


def begin(r: AddressRace, now_ns: int) -> list[Attempt]:
    started = []
    while (attempt := r.start(now_ns)) is not None:
        started.append(attempt)
    return started


def addresses(attempts: list[Attempt]) -> list[str]:
    return [attempt.address for attempt in attempts]


def test_nothing_starts_before_an_answer() -> None:
    r = race()
    assert begin(r, 0) == []
    assert r.deadline_ns() is None
    assert not r.exhausted


def test_aaaa_first_starts_at_once() -> None:
    r = race()
    r.found("AAAA", V6, 5)
    assert begin(r, 5) == [Attempt(1, "tcp", V6[0])]


def test_a_first_waits_for_aaaa_and_prefers_it() -> None:
    r = race()
    r.found("A", V4, 0)
    assert begin(r, 0) == []
    assert r.deadline_ns() == 50 * MS
    r.found("AAAA", V6, 20 * MS)
    assert addresses(begin(r, 20 * MS)) == [V6[0]]


def test_a_alone_starts_after_the_resolution_delay() -> None:
    r = race()
    r.found("A", V4, 0)
    assert begin(r, 49 * MS) == []
    assert addresses(begin(r, 50 * MS)) == [V4[0]]
    assert "waiting 50 ms" in r.decisions[-1].because


def test_a_starts_at_once_when_aaaa_is_known_to_be_empty() -> None:
    r = race()
    r.found("AAAA", (), 0)
    r.found("A", V4, 3)
    assert addresses(begin(r, 3)) == [V4[0]]


def test_late_aaaa_joins_the_race_next() -> None:
    r = race()
    r.found("A", V4, 0)
    begin(r, 50 * MS)
    r.found("AAAA", V6, 60 * MS)
    assert begin(r, 60 * MS) == []
    assert addresses(begin(r, 300 * MS)) == [V6[0]]


def test_attempts_are_spaced_and_families_alternate() -> None:
    r = race()
    r.found("AAAA", V6, 0)
    r.found("A", V4, 0)
    seen = []
    for at in (0, 249, 250, 499, 500, 750, 1000, 1250):
        seen += addresses(begin(r, at * MS))
    assert seen == [V6[0], V4[0], V6[1], V4[1]]
    assert r.deadline_ns() is None


def test_failure_starts_the_next_at_once() -> None:
    r = race()
    r.found("AAAA", V6[:1], 0)
    r.found("A", V4[:1], 0)
    begin(r, 0)
    r.failed(1, 7 * MS)
    assert addresses(begin(r, 7 * MS)) == [V4[0]]
    assert r.decisions[-1].because == "the attempt before it failed"
    assert not r.exhausted
    r.failed(2, 9 * MS)
    assert r.exhausted


def test_lookup_end_ends_the_waiting() -> None:
    r = race()
    r.found("A", V4, 0)
    r.lookup_ended()
    assert addresses(begin(r, 0)) == [V4[0]]


def test_quic_goes_before_tcp_for_each_address() -> None:
    r = race()
    r.allow_quic("the HTTPS record offers h3")
    r.allow_quic("said twice")
    r.found("AAAA", V6[:1], 0)
    r.found("A", V4[:1], 0)
    order = []
    for at in range(0, 2000, 250):
        order += [(a.transport, a.address) for a in begin(r, at * MS)]
    assert order == [("quic", V6[0]), ("tcp", V6[0]), ("quic", V4[0]), ("tcp", V4[0])]
    assert sum(d.subject == "protocol" for d in r.decisions) == 1


def test_https_record_is_awaited_for_the_resolution_delay_only() -> None:
    r = AddressRace(RacePolicy(), {"A", "AAAA", "HTTPS"})
    r.found("AAAA", V6, 0)
    r.found("A", V4, 0)
    assert begin(r, 0) == []
    assert r.deadline_ns() == 50 * MS
    r.found("HTTPS", (), 10 * MS)
    assert addresses(begin(r, 10 * MS)) == [V6[0]]


def test_attempts_are_bounded() -> None:
    r = race(max_attempts=3, attempt_delay_ns=1)
    r.found("A", [f"192.0.2.{n}" for n in range(100)], 0)
    r.lookup_ended()
    started = []
    for now in range(200):
        started += begin(r, now)
    assert len(started) == 3


@pytest.mark.parametrize(
    ("v6", "v4", "count", "expected"),
    [
        ([], [], 1, []),
        (["a"], [], 1, ["a"]),
        ([], ["1", "2"], 1, ["1", "2"]),
        (["a", "b", "c"], ["1"], 1, ["a", "1", "b", "c"]),
        (["a", "b", "c"], ["1", "2"], 2, ["a", "b", "1", "c", "2"]),
    ],
)
def test_interleave(v6: list[str], v4: list[str], count: int, expected: list[str]) -> None:
    assert interleave(v6, v4, count) == expected


operation = st.one_of(
    st.tuples(st.just("found"), st.sampled_from(["A", "AAAA", "HTTPS"]), st.integers(0, 3)),
    st.tuples(st.just("fail"), st.integers(1, 10), st.just(0)),
    st.tuples(st.just("end"), st.just(0), st.just(0)),
    st.tuples(st.just("quic"), st.just(0), st.just(0)),
    st.tuples(st.just("wait"), st.integers(0, 600), st.just(0)),
)


@given(st.lists(operation, max_size=40))
def test_any_history_tries_each_candidate_once_and_ends(
    history: list[tuple[str, object, int]],
) -> None:
    r = AddressRace(RacePolicy(), {"A", "AAAA", "HTTPS"})
    now = 0
    started: list[Attempt] = []
    for kind, value, extra in history:
        if kind == "found":
            base = "2001:db8::" if value == "AAAA" else "192.0.2."
            r.found(str(value), [f"{base}{n + 1}" for n in range(extra)], now)
        elif kind == "fail":
            r.failed(int(str(value)), now)
        elif kind == "end":
            r.lookup_ended()
        elif kind == "quic":
            r.allow_quic("asked")
        else:
            now += int(str(value)) * MS
        started += begin(r, now)
    r.lookup_ended()
    while (deadline := r.deadline_ns()) is not None:
        now = max(now, deadline)
        more = begin(r, now)
        assert more
        started += more
    pairs = [(a.transport, a.address) for a in started]
    assert len(pairs) == len(set(pairs))
    assert [a.number for a in started] == list(range(1, len(started) + 1))
    for attempt in started:
        r.failed(attempt.number, now)
    assert r.exhausted
