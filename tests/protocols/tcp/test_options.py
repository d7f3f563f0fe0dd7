"""TCP options: each kind by its bytes, and each way to be wrong."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstbyte.errors import UsageError
from firstbyte.protocols.problem import Problems
from firstbyte.protocols.tcp.options import (
    NO_OPTIONS,
    TcpOptions,
    decode_options,
    encode_options,
    options_length,
)

CASES = [
    ("020405b4", TcpOptions(mss=1460)),
    ("01030307", TcpOptions(window_scale=7)),
    ("01010402", TcpOptions(sack_permitted=True)),
    ("0101080a0000000100000002", TcpOptions(timestamp=(1, 2))),
    ("0101050a0000000a00000014", TcpOptions(sack_blocks=((10, 20),))),
    ("22020101", TcpOptions(fast_open_cookie=b"")),
    ("220a0102030405060708" + "0101", TcpOptions(fast_open_cookie=bytes(range(1, 9)))),
    ("1d040a0b", TcpOptions(other=((29, b"\x0a\x0b"),))),
    ("", NO_OPTIONS),
]


@pytest.mark.parametrize(("text", "options"), CASES)
def test_each_kind_by_its_bytes(text: str, options: TcpOptions) -> None:
    assert encode_options(options).hex() == text
    problems = Problems()
    assert decode_options(bytes.fromhex(text), problems) == options
    assert problems.found == []
    assert options_length(options) == len(text) // 2


@pytest.mark.parametrize(
    ("text", "field", "offset"),
    [
        ("02", "option length", 0),
        ("0200", "option length", 1),
        ("020605b4", "option length", 1),
        ("0205010203", "mss length", 1),
        ("03030f01", "window_scale", 2),
        ("0505010203", "sack length", 1),
        ("2203010101", "fast_open length", 1),
    ],
)
def test_each_way_to_be_wrong(text: str, field: str, offset: int) -> None:
    problems = Problems()
    decode_options(bytes.fromhex(text), problems)
    assert [(p.field, p.offset) for p in problems.found] == [(field, offset)]


def test_options_end_at_end_of_list() -> None:
    assert decode_options(b"\x01\x00\x02\x04\x05\xb4", Problems()) == TcpOptions()


def test_too_many_options_are_refused() -> None:
    with pytest.raises(UsageError):
        encode_options(TcpOptions(timestamp=(1, 2), sack_blocks=((1, 2),) * 4))


@given(st.binary(max_size=44))
def test_any_bytes_are_read(data: bytes) -> None:
    decode_options(data, Problems())
