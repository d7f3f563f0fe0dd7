"""Circular numbers."""

from hypothesis import given
from hypothesis import strategies as st

from firstbyte.protocols.tcp.sequence import MASK, before, unwrap


@given(st.integers(0, 2**40), st.integers(-(2**31), 2**31 - 1))
def test_unwrap_finds_the_nearest(near: int, distance: int) -> None:
    assert unwrap((near + distance) & MASK, near) == near + distance


@given(st.integers(0, MASK), st.integers(1, 2**31 - 1))
def test_before_is_circular(number: int, distance: int) -> None:
    later = (number + distance) & MASK
    assert before(number, later)
    assert not before(later, number)
    assert not before(number, number)
