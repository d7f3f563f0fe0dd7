"""Names as bytes behave as names."""

import dns.name
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstbyte.errors import DecodeError
from firstbyte.protocols.dns import names

LABEL = st.binary(min_size=1, max_size=12)
NAME = st.lists(LABEL, max_size=6).map(names.from_labels)


@given(NAME)
def test_text_and_back(name: bytes) -> None:
    assert names.from_text(names.to_text(name)) == name
    assert dns.name.from_text(names.to_text(name)).to_wire() == name


@given(NAME, NAME)
def test_order_and_descent_are_dnspythons(one: bytes, two: bytes) -> None:
    one, two = one.lower(), two.lower()
    first, _ = dns.name.from_wire(one, 0)
    second, _ = dns.name.from_wire(two, 0)
    assert (names.canonical_order(one) < names.canonical_order(two)) == (first < second)
    assert names.is_under(one, two) == first.is_subdomain(second)
    common = names.common_ancestor(one, two)
    assert names.is_under(one, common)
    assert names.is_under(two, common)


@pytest.mark.parametrize("text", ["a..b", ".a", "a" * 64, "\\25", "a." * 128, "\\999"])
def test_broken_texts(text: str) -> None:
    with pytest.raises(DecodeError):
        names.from_text(text)


def test_a_label_that_looks_like_a_suffix_is_none() -> None:
    inner = names.from_labels([b"x\x03com"])
    assert not names.is_under(inner, names.from_text("com."))


def test_parts() -> None:
    name = names.from_text("a.b.c.")
    assert names.label_count(name) == 3
    assert names.ancestor(name, 1) == names.from_text("c.")
    assert names.ancestors(name)[-1] == names.ROOT
    assert names.parent(name) == names.from_text("b.c.")
    assert names.wildcard(names.from_text("c.")) == names.from_text("*.c.")
