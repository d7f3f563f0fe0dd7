"""Reassembly against a model, the offered window, SACK blocks."""

from hypothesis import given
from hypothesis import strategies as st

from firstbyte.protocols.tcp.receive import Receiver

TEXT = bytes(range(256)) * 4


def receiver(limit: int = 64_240, limit_max: int = 64_240, mss: int = 100) -> Receiver:
    made = Receiver(limit, limit_max, mss)
    made.start(-1)
    return made


PIECES = st.lists(st.tuples(st.integers(0, 1023), st.integers(1, 300)), max_size=60)


@given(PIECES)
def test_pieces_in_any_order_with_any_overlap(pieces) -> None:
    r = receiver()
    held: set[int] = set()
    read = b""
    for start, length in pieces:
        data = TEXT[start : start + length]
        before = r.nxt
        count = r.accept(start, data)
        held.update(range(start, start + len(data)))
        assert r.nxt - before == count
        expected = next(n for n in range(1025) if n not in held)
        assert r.nxt == expected
        read += r.read(7)
        check_blocks(r, held)
    read += r.read(1 << 20)
    assert read == TEXT[: len(read)]
    assert len(read) == r.nxt


def check_blocks(r: Receiver, held: set[int]) -> None:
    blocks = r.recent
    above = {n for n in held if n >= r.nxt}
    assert {n for left, right in blocks for n in range(left, right)} == above
    assert sum(right - left for left, right in blocks) == len(above), "blocks do not overlap"
    assert r.buffered_out_of_order == len(above)


def test_the_latest_block_comes_first_and_swallows_its_neighbours() -> None:
    r = receiver()
    for start in (100, 300, 500):
        r.accept(start, bytes(50))
    assert r.sack_blocks() == ((500, 550), (300, 350), (100, 150))
    r.accept(350, bytes(150))
    assert r.sack_blocks() == ((300, 550), (100, 150))
    r.accept(0, bytes(100))
    assert r.sack_blocks() == ((300, 550),)
    assert r.nxt == 150


def test_at_most_so_many_blocks_are_told() -> None:
    r = receiver()
    for start in range(100, 1000, 100):
        r.accept(start, bytes(10))
    assert len(r.sack_blocks(3)) == 3
    assert len(r.sack_blocks()) == 4


def test_a_duplicate_is_told_first_and_once() -> None:
    """RFC 2883, section 4."""
    r = receiver()
    r.accept(0, bytes(100))
    r.accept(200, bytes(50))
    r.accept(50, bytes(50))
    assert r.sack_blocks() == ((50, 100), (200, 250))
    assert r.sack_blocks() == ((200, 250),)
    r.accept(200, bytes(50))
    assert r.sack_blocks() == ((200, 250), (200, 250))


def test_what_lies_beyond_the_window_is_cut_off() -> None:
    r = receiver(limit=100, limit_max=100, mss=10)
    r.accept(90, bytes(50))
    assert r.recent == [(90, 100)]
    assert r.accept(0, bytes(500)) == 100
    assert r.window == 0
    assert r.accept(100, b"more") == 0


def test_the_window_never_shrinks_and_opens_by_worthwhile_steps() -> None:
    r = receiver(limit=1000, limit_max=1000, mss=100)
    r.accept(0, bytes(950))
    assert r.offer() == 50
    r.read(60)
    assert r.offer() == 50, "60 bytes more are less than a segment"
    r.read(60)
    assert r.offer() == 170
    edge = r.edge
    r.accept(950, bytes(100))
    r.offer()
    assert r.edge == edge


def test_the_window_is_rounded_down_to_its_scale() -> None:
    r = receiver(limit=200_000, limit_max=200_000, mss=1000)
    r.scale = 2
    assert r.offer() == 200_000 >> 2
    assert r.edge == 200_000
    r.accept(0, bytes(1001))
    assert r.offer() << 2 <= 200_000


def test_the_buffer_grows_while_the_user_reads() -> None:
    r = receiver(limit=1000, limit_max=2000, mss=100)
    for number in range(3):
        r.accept(100 * number, bytes(100))
        r.read(100)
        r.grow()
    assert r.limit == 1600
    r.offer()
    r.accept(300, bytes(1000))
    r.grow()
    assert r.limit == 1600, "the user does not keep up"
    r.read(1000)
    for _ in range(9):
        r.grow()
    assert r.limit == 2000


def test_the_number_of_pieces_is_bounded(monkeypatch) -> None:
    monkeypatch.setattr("firstbyte.protocols.tcp.receive.MAX_PIECES", 5)
    r = receiver()
    for start in range(10, 1000, 10):
        r.accept(start, b"x")
    assert len(r.pieces) == 5
