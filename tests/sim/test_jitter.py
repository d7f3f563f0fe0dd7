"""Jitter: bounded, varied, repeatable, and never an overtaking."""

from hypothesis import given
from hypothesis import strategies as st

from firstbyte.sim.jitter import Jitter

MS = 1_000_000


@given(
    amplitude_ns=st.integers(1, 10**9),
    times=st.lists(st.integers(0, 10**11), min_size=2, max_size=50),
)
def test_order_and_bounds(amplitude_ns, times):
    jitter = Jitter(amplitude_ns, "seed")
    arrivals = [at_ns + jitter.at(at_ns) for at_ns in sorted(times)]
    assert arrivals == sorted(arrivals)
    assert all(abs(jitter.at(at_ns)) <= amplitude_ns for at_ns in times)


def test_it_uses_its_range_and_its_seed():
    values = [Jitter(10 * MS, "a").at(n * 7 * MS) for n in range(1000)]
    assert min(values) < -8 * MS
    assert max(values) > 8 * MS
    assert abs(sum(values) / 1000) < MS
    assert values != [Jitter(10 * MS, "b").at(n * 7 * MS) for n in range(1000)]
