import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstbyte.resolver.transports.framing import LengthFraming, frame


@given(st.lists(st.binary(max_size=300), max_size=6), st.lists(st.integers(1, 40), max_size=60))
def test_messages_come_out_as_they_went_in(messages: list[bytes], cuts: list[int]) -> None:
    data = b"".join(frame(message) for message in messages)
    framing = LengthFraming()
    out = []
    for size in [*cuts, len(data) or 1]:
        piece, data = data[:size], data[size:]
        out += framing.receive(piece)
    assert [message for _, message in out] == messages


@pytest.mark.parametrize(("message", "key"), [(b"", -1), (b"\1", -1), (b"\1\2rest", 0x0102)])
def test_keys(message: bytes, key: int) -> None:
    assert LengthFraming().receive(frame(message)) == [(key, message)]


def test_queries_go_out_once() -> None:
    framing = LengthFraming()
    assert framing.submit(b"\0\7query") == 7
    framing.submit(b"\0\10again")
    assert framing.outgoing() == frame(b"\0\7query") + frame(b"\0\10again")
    assert framing.outgoing() == b""
