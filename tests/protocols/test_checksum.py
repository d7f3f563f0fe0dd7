"""The Internet checksum against the plain loop of RFC 1071."""

from hypothesis import example, given
from hypothesis import strategies as st

from firstbyte.protocols.checksum import checksum, verifies, word_sum


def plain(data: bytes) -> int:
    """RFC 1071, section 4.1."""
    data += bytes(len(data) % 2)
    total = sum(int.from_bytes(data[i : i + 2], "big") for i in range(0, len(data), 2))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return 0xFFFF - total


@given(st.binary(max_size=200))
@example(b"")
@example(bytes(10))
@example(b"\xff" * 10)
@example(b"\xff\xff")
def test_it_is_the_plain_loop(data: bytes) -> None:
    assert checksum(data) == plain(data)


@given(st.binary(max_size=100).filter(lambda b: len(b) % 2 == 0), st.binary(max_size=99))
def test_sums_of_parts_add_up(even: bytes, rest: bytes) -> None:
    assert checksum(rest, word_sum(even)) == plain(even + rest)


@given(st.binary(min_size=1, max_size=100))
def test_a_filled_in_field_verifies(data: bytes) -> None:
    whole = data + bytes(len(data) % 2)
    assert verifies(whole + checksum(whole).to_bytes(2, "big"))


def test_the_example_of_rfc_1071() -> None:
    assert checksum(bytes.fromhex("0001f203f4f5f6f7")) == 0xFFFF - 0xDDF2
