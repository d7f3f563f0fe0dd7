"""RFC 6528: keyed, per connection, growing with time."""

from firstbyte.protocols.tcp.isn import initial_sequence, timestamp_offset

A, B = ("10.0.0.1", 1000), ("10.0.0.2", 80)
KEY = bytes(range(16))


def test_it_grows_by_one_every_4_microseconds() -> None:
    first = initial_sequence(KEY, A, B, 0)
    assert initial_sequence(KEY, A, B, 3_999) == first
    assert initial_sequence(KEY, A, B, 4_000_000) == (first + 1000) % 2**32


def test_it_depends_on_everything_else() -> None:
    others = [
        initial_sequence(KEY, A, B, 0),
        initial_sequence(bytes(16), A, B, 0),
        initial_sequence(KEY, ("10.0.0.1", 1001), B, 0),
        initial_sequence(KEY, A, ("10.0.0.3", 80), 0),
        initial_sequence(KEY, B, A, 0),
        timestamp_offset(KEY, A, B),
    ]
    assert len(set(others)) == len(others)
