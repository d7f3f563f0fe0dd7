"""The send queue, the peer's window, Nagle's algorithm, silly window avoidance."""

import pytest

from firstbyte.protocols.tcp.send import Sender

MSS = 100


def sender(unsent: int, window: int = 10_000) -> Sender:
    made = Sender(0, 100_000, MSS)
    made.una = made.nxt = 1
    made.window = made.max_window = window
    made.write(bytes(unsent))
    return made


@pytest.mark.parametrize(
    ("unsent", "window", "alone", "hold", "cork", "expected"),
    [
        (500, 10_000, True, True, False, MSS),
        (50, 10_000, True, True, False, 50),
        (50, 10_000, False, True, False, 50),
        (500, 0, True, True, False, 0),
        (500, 40, True, True, False, 0),
        (50, 10_000, True, False, True, 0),
        (500, 10_000, True, False, True, MSS),
        (0, 10_000, True, True, False, 0),
    ],
)
def test_how_much_may_go(unsent, window, alone, hold, cork, expected) -> None:
    s = sender(unsent)
    s.window = window
    assert s.next_length(alone=alone, hold_small=hold, corked=cork) == expected


def test_only_one_small_segment_may_be_in_flight() -> None:
    """Nagle's algorithm (RFC 9293, section 3.7.4) as Minshall changed it."""
    s = sender(50)
    s.small_end = s.nxt + 10
    assert s.next_length(alone=False, hold_small=True, corked=False) == 0
    assert s.next_length(alone=False, hold_small=False, corked=False) == 50
    s.una = s.small_end
    assert s.next_length(alone=False, hold_small=True, corked=False) == 50


def test_fin_takes_the_last_small_segment_along() -> None:
    s = sender(50)
    s.small_end = s.nxt + 10
    s.fin_queued = True
    assert s.next_length(alone=False, hold_small=True, corked=True) == 50


def test_half_of_the_largest_window_is_worthwhile() -> None:
    s = sender(500, window=80)
    s.window = 40
    assert s.next_length(alone=True, hold_small=False, corked=False) == 40
    assert s.next_length(alone=False, hold_small=False, corked=False) == 0


def test_the_buffer_is_bounded_and_freed_by_acks() -> None:
    s = Sender(0, 100, MSS)
    assert s.write(bytes(range(250))) == 100
    assert s.write(b"x") == 0
    s.release(41)
    assert s.room == 40
    assert s.data(41, 44) == bytes((40, 41, 42))
    s.release(1000)
    assert (s.base, s.end, s.room) == (101, 101, 100)
    s.release(102)
    assert s.base == 101


def test_old_windows_are_not_believed() -> None:
    """RFC 9293, section 3.10.7.4: WL1 and WL2."""
    s = sender(0)
    s.wl1 = 50
    assert s.update_window(50, 1, 20_000)
    assert s.window == 20_000
    s.update_window(49, 1, 5)
    assert s.window == 20_000
    s.update_window(50, 1, 7)
    assert s.window == 20_000
    assert s.update_window(51, 1, 8)
    assert (s.window, s.max_window) == (8, 20_000)
